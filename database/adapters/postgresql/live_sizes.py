"""How many rows the tables of all schemas have now, by the names that an inventory has for them."""

from __future__ import annotations

from database.adapters.backup import Selection
from database.adapters.base import TableSize
from database.adapters.postgresql.backup_session import Session
from database.adapters.postgresql.catalogue import table_size
from database.adapters.postgresql.inventory import (
    LARGE_OBJECTS,
    count_large_objects,
    counted_tables,
    has_large_objects,
)
from database.adapters.postgresql.scope import Table, find_scope

_SIZES = """
    SELECT c.oid, c.reltuples::bigint, pg_catalog.pg_total_relation_size(c.oid)
    FROM pg_catalog.pg_class c WHERE c.relkind IN ('r', 'p')
"""


def live_sizes(session: Session, exact_below: int) -> tuple[TableSize, ...]:
    """As BackupAdapter.table_sizes."""
    session.run("SET search_path TO pg_catalog, pg_temp")  # nothing of the database answers for the server
    sizes = {oid: (rows, size) for oid, rows, size in session.rows(_SIZES)}
    found = [
        _size(session, table, *sizes[table.oid], exact_below)
        for table in counted_tables(session, find_scope(session, Selection()))
        if table.oid in sizes
    ]
    if has_large_objects(session):
        found.append(TableSize(LARGE_OBJECTS, count_large_objects(session), True, None))
    return tuple(found)


def _size(session: Session, table: Table, rows: int, size: int, exact_below: int) -> TableSize:
    """Of the table alone: those that inherit from it are counted by themselves."""
    only = "ONLY " if table.holds_rows else ""
    place = f"{only}{session.quote(table.schema)}.{session.quote(table.bare_name)}"
    guess = TableSize(table.name, rows, False, size)
    return table_size(session.adapter, session.connection, place, guess, exact_below)
