"""Where a database is among its migrations, found out with nothing but its driver."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from core.connection import ConnectionParameters
from database.adapters import closing_connection
from database.revisions import LOCATION, Revision, head_revision, pending_revisions


@dataclass(frozen=True)
class MigrationState:
    """`current` is empty before the first migration; `pending` is oldest first."""

    current: tuple[str, ...]
    head: str
    pending: tuple[Revision, ...]


def read_state(
    database: ConnectionParameters, timeout: float = 10, location: Path = LOCATION
) -> MigrationState:
    """Current, newest and pending revisions. Raises ConnectionFailed, SchemaTooNew."""
    with closing_connection(database, timeout) as (adapter, connection):
        current = adapter.revisions(connection)
    return MigrationState(current, head_revision(location), pending_revisions(current, location))
