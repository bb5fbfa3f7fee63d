"""Who reads and changes the schema on which kind of server."""

from __future__ import annotations

from core.connection import Dialect
from database.adapters.mysql.schema import MySQLSchemaAdapter
from database.adapters.postgresql.schema import PostgreSQLSchemaAdapter
from database.adapters.schema import SchemaAdapter
from database.adapters.sqlite.schema import SQLiteSchemaAdapter

_SCHEMA_ADAPTERS: dict[Dialect, type[SchemaAdapter]] = {
    Dialect.POSTGRESQL: PostgreSQLSchemaAdapter,
    Dialect.MYSQL: MySQLSchemaAdapter,
    Dialect.MARIADB: MySQLSchemaAdapter,
    Dialect.SQLITE: SQLiteSchemaAdapter,
}


def schema_adapter_for(dialect: Dialect) -> SchemaAdapter:
    """Who does it on servers of that kind."""
    return _SCHEMA_ADAPTERS[dialect]()
