"""Every kind of server, behind one contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.connection import ConnectionParameters, Dialect
from database.adapters.base import Adapter, Connection

ADAPTERS: dict[Dialect, type[Adapter]]


def __getattr__(name: str) -> object:
    """`ADAPTERS`, all four, made when someone asks for it."""
    if name == "ADAPTERS":
        return {dialect: adapter_class(dialect) for dialect in Dialect}
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def adapter_class(dialect: Dialect) -> type[Adapter]:
    """What speaks to that kind of server. Only its own module is loaded: all four would take a monitor's
    check longer than the check itself."""
    match dialect:
        case Dialect.POSTGRESQL:
            from database.adapters.postgresql.adapter import PostgreSQLAdapter

            return PostgreSQLAdapter
        case Dialect.MYSQL:
            from database.adapters.mysql.adapter import MySQLAdapter

            return MySQLAdapter
        case Dialect.MARIADB:
            from database.adapters.mariadb import MariaDBAdapter

            return MariaDBAdapter
        case Dialect.SQLITE:
            from database.adapters.sqlite.adapter import SQLiteAdapter

            return SQLiteAdapter


def adapter_for(parameters: ConnectionParameters) -> Adapter:
    """The adapter for that kind of server. Nothing is connected and no driver imported."""
    return adapter_class(parameters.dialect)(parameters)


def open_connection(parameters: ConnectionParameters, timeout: float) -> tuple[Adapter, Connection]:
    """Connect within `timeout` seconds: the adapter of what really answers, and the connection in
    autocommit. Raises ConnectionFailed and its children, ToolMissing."""
    adapter = adapter_for(parameters)
    connection = adapter.connect(timeout)
    adapter.answer_patience(connection, timeout)
    found = adapter.recognised(connection)
    if found is not parameters.dialect:
        adapter = adapter_class(found)(parameters)
        adapter.prepare(connection)
    adapter.answer_patience(connection, None)
    return adapter, connection


@contextmanager
def closing_connection(
    parameters: ConnectionParameters, timeout: float
) -> Iterator[tuple[Adapter, Connection]]:
    """`open_connection` for the length of a block."""
    adapter, connection = open_connection(parameters, timeout)
    try:
        yield adapter, connection
    finally:
        connection.close()
