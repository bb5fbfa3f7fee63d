"""How many rows the tables of all schemas have now and when the newest came, by the names that an inventory
has for them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

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
_MOMENTS = """
    SELECT DISTINCT x.indrelid, a.attname FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_am m ON m.oid = (SELECT relam FROM pg_catalog.pg_class WHERE oid = x.indexrelid)
    JOIN pg_catalog.pg_attribute a ON a.attrelid = x.indrelid AND a.attnum = x.indkey[0]
    WHERE x.indisvalid AND x.indpred IS NULL AND m.amname = 'btree' AND a.atttypid = 'timestamptz'::regtype
    ORDER BY 1, 2
"""
_NEWEST = "SELECT max({column}) FROM ONLY {table} WHERE {column} <= now()"
_PINNED = "SET search_path TO pg_catalog, pg_temp"  # nothing of the database answers for the server


def newest_rows(session: Session, names: Sequence[str]) -> dict[str, datetime]:
    """As BackupAdapter.newest_rows."""
    session.run(_PINNED)
    columns: dict[int, list[str]] = defaultdict(list)
    for oid, column in session.rows(_MOMENTS):
        columns[oid].append(column)
    found = {}
    for table in find_scope(session, Selection()).tables:
        if table.name in names and table.holds_rows and table.oid in columns:
            moments = [_newest(session, table, column) for column in columns[table.oid]]
            if known := [moment for moment in moments if moment]:
                found[table.name] = max(known)
    return found


def live_sizes(session: Session, exact_below: int) -> tuple[TableSize, ...]:
    """As BackupAdapter.table_sizes."""
    session.run(_PINNED)
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
    place = f"{only}{_place(session, table)}"
    guess = TableSize(table.name, rows, False, size)
    return table_size(session.adapter, session.connection, place, guess, exact_below)


def _newest(session: Session, table: Table, column: str) -> datetime | None:
    asked = _NEWEST.format(column=session.quote(column), table=_place(session, table))
    found: datetime | None = session.value(asked)
    return found


def _place(session: Session, table: Table) -> str:
    return f"{session.quote(table.schema)}.{session.quote(table.bare_name)}"
