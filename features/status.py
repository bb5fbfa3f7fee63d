"""The state of a database: server, revision, tables with rows and sizes."""

from __future__ import annotations

from dataclasses import dataclass

from core.clock import monotonic
from core.connection import ConnectionParameters
from database.adapters import closing_connection
from database.adapters.base import ServerVersion, TableSize
from database.revisions import VERSION_TABLE, Revision, pending_revisions
from features.health_disks import free_space


@dataclass(frozen=True)
class DatabaseStatus:
    """`seconds` is the time from the first packet to an answered query; `size` is in bytes, and so is
    `free`, the room on the disk with the data, None where that cannot be seen from here."""

    version: ServerVersion
    seconds: float
    revisions: tuple[str, ...]
    pending: tuple[Revision, ...]
    size: int
    tables: tuple[TableSize, ...]
    free: int | None


def read_status(
    database: ConnectionParameters, timeout: float = 10, patience: float | None = None
) -> DatabaseStatus:
    """Ask the server for its state, giving the connection `timeout` seconds, and each answer `patience`
    seconds, or as long as it takes. The migrations' own table is left out. Raises ConnectionFailed and
    its kin; SchemaTooNew when the database was migrated by a newer release."""
    began = monotonic()
    with closing_connection(database, timeout) as (adapter, connection):
        adapter.answer_patience(connection, patience)
        adapter.ping(connection)
        seconds = monotonic() - began
        revisions = adapter.revisions(connection)
        return DatabaseStatus(
            version=adapter.server_version(connection),
            seconds=seconds,
            revisions=revisions,
            pending=pending_revisions(revisions),
            size=adapter.database_size(connection),
            tables=tuple(table for table in adapter.table_sizes(connection) if table.name != VERSION_TABLE),
            free=free_space(adapter.data_folder(connection)),
        )
