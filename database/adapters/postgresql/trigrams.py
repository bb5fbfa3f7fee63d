"""The index of trigrams by which parts of texts are found. It is made where it is wanted, and no part of the
schema: the extension that it takes is not everywhere."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import Unsupported
from database.adapters.base import Adapter, Connection

_EXTENSION = """
    SELECT n.nspname FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
    WHERE e.extname = 'pg_trgm'
"""
_IS_THERE = """
    SELECT 1 FROM pg_catalog.pg_index i JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = pg_catalog.current_schema() AND c.relname = %s AND i.indisvalid
"""


def is_there(adapter: Adapter, connection: Connection, table: str) -> bool:
    """True when the index of that table is whole."""
    return bool(adapter.rows(connection, _IS_THERE, (_name(table),)))


def make(adapter: Adapter, connection: Connection, table: str, columns: Sequence[str]) -> None:
    """Make it, or make it anew where one was cut off; others go on writing. Raises Unsupported without the
    extension."""
    found = adapter.rows(connection, _EXTENSION)
    if not found:
        raise Unsupported("The extension pg_trgm is not there.", hint="Run: CREATE EXTENSION pg_trgm;")
    if is_there(adapter, connection, table):
        return
    name, operators = adapter.quote(_name(table)), f"{adapter.quote(found[0][0])}.gin_trgm_ops"
    listed = ", ".join(f"{adapter.quote(column)} {operators}" for column in columns)
    adapter.rows(connection, f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    adapter.rows(
        connection, f"CREATE INDEX CONCURRENTLY {name} ON {adapter.quote(table)} USING gin ({listed})"
    )


def _name(table: str) -> str:
    return f"parts_of_{table}"
