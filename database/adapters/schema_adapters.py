"""Who reads and changes the schema on which kind of server."""

from __future__ import annotations

from core.connection import Dialect
from database.adapters.mysql_schema import MySQLSchemaAdapter
from database.adapters.postgresql_schema import PostgreSQLSchemaAdapter
from database.adapters.schema_base import SchemaAdapter
from database.adapters.sqlite_schema import SQLiteSchemaAdapter

_SCHEMA_ADAPTERS: dict[Dialect, type[SchemaAdapter]] = {
    Dialect.POSTGRESQL: PostgreSQLSchemaAdapter,
    Dialect.MYSQL: MySQLSchemaAdapter,
    Dialect.MARIADB: MySQLSchemaAdapter,
    Dialect.SQLITE: SQLiteSchemaAdapter,
}


def schema_adapter_for(dialect: Dialect) -> SchemaAdapter:
    """Who does it on servers of that kind."""
    return _SCHEMA_ADAPTERS[dialect]()
