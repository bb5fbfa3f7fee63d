"""Every kind of server, behind one contract."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.connection import ConnectionParameters, Dialect
from database.adapters.base import Adapter, Connection
from database.adapters.mariadb import MariaDBAdapter
from database.adapters.mysql import MySQLAdapter
from database.adapters.postgresql import PostgreSQLAdapter
from database.adapters.sqlite import SQLiteAdapter

ADAPTERS: dict[Dialect, type[Adapter]] = {
    Dialect.POSTGRESQL: PostgreSQLAdapter,
    Dialect.MYSQL: MySQLAdapter,
    Dialect.MARIADB: MariaDBAdapter,
    Dialect.SQLITE: SQLiteAdapter,
}


def adapter_for(parameters: ConnectionParameters) -> Adapter:
    """The adapter for that kind of server. Nothing is connected and no driver imported."""
    return ADAPTERS[parameters.dialect](parameters)


def open_connection(parameters: ConnectionParameters, timeout: float) -> tuple[Adapter, Connection]:
    """Connect within `timeout` seconds: the adapter of what really answers, and the connection in
    autocommit. Raises ConnectionFailed and its children, ToolMissing."""
    adapter = adapter_for(parameters)
    connection = adapter.connect(timeout)
    return adapter.recognised(connection), connection


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
