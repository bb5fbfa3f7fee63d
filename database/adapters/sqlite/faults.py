"""What is wrong inside an SQLite database: its pages, its indexes, its foreign keys."""

from __future__ import annotations

from collections.abc import Iterator

from core.errors import ServerError
from core.text import plural, visible
from database.adapters.base import Connection
from database.adapters.sqlite.adapter import SQLiteAdapter

_MOST = 100
_BROKEN = 'SELECT "table", parent, count(*) FROM pragma_foreign_key_check GROUP BY 1, 2 ORDER BY 1, 2'


def faults_of(adapter: SQLiteAdapter, connection: Connection) -> tuple[str, ...]:
    """A sentence each; () for nothing. What SQLite cannot even check is a fault."""
    return (*_damages(adapter, connection), *_broken_keys(adapter, connection))


def _damages(adapter: SQLiteAdapter, connection: Connection) -> Iterator[str]:
    try:
        found = adapter.rows(connection, f"PRAGMA integrity_check({_MOST})")
    except ServerError as error:
        yield error.message
    else:
        yield from (visible(str(said)) for (said,) in found if said != "ok")


def _broken_keys(adapter: SQLiteAdapter, connection: Connection) -> Iterator[str]:
    try:
        found = adapter.rows(connection, _BROKEN)
    except ServerError as error:  # a key that refers to what is not unique, for one
        yield error.message
    else:
        for table, parent, rows in found:
            yield f"In {visible(table)} {plural(rows, 'row')} refer to what is not in {visible(parent)}."
