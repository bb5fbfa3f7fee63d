"""What an admin says must be true of a database, asked of it without a way to change anything."""

from __future__ import annotations

from core.errors import InvalidInput
from database.adapters.base import translated
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.foreign import limited_trust
from database.adapters.sqlite.places import driver, opened


def ask(adapter: SQLiteAdapter, sql: str, timeout: float, patience: float) -> bool:
    """True when the first value that the query gives is true, within `patience` seconds. Raises InvalidInput
    for what is no query, ServerError."""
    import sqlite3

    allowed = (
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
        sqlite3.SQLITE_RECURSIVE,
    )

    def decide(action: int, *_: str | None) -> int:
        return sqlite3.SQLITE_OK if action in allowed else sqlite3.SQLITE_DENY

    with opened(adapter, timeout) as connection, translated(adapter):
        adapter.rows(connection, limited_trust())
        adapter.statement_timeout(connection, patience)
        driver(connection).set_authorizer(decide)
        try:
            cursor = driver(connection).execute(sql)
        except sqlite3.ProgrammingError as error:  # more than one statement
            raise InvalidInput(f"An assertion is one query: {error}") from error
        if cursor.description is None:
            raise InvalidInput("An assertion is one query that gives a value.")
        row = cursor.fetchone()
    return bool(row and row[0])
