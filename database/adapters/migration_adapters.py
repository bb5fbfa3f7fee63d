"""Who judges migrations on which kind of server."""

from __future__ import annotations

from core.connection import Dialect
from database.adapters.migrating import MigrationAdapter
from database.adapters.mysql.migrating import MySQLMigrationAdapter
from database.adapters.postgresql.migrating import PostgreSQLMigrationAdapter
from database.adapters.sqlite.migrating import SQLiteMigrationAdapter

_MIGRATION_ADAPTERS: dict[Dialect, type[MigrationAdapter]] = {
    Dialect.POSTGRESQL: PostgreSQLMigrationAdapter,
    Dialect.MYSQL: MySQLMigrationAdapter,
    Dialect.MARIADB: MySQLMigrationAdapter,
    Dialect.SQLITE: SQLiteMigrationAdapter,
}


def migration_adapter_for(dialect: Dialect) -> MigrationAdapter:
    """Who does it on servers of that kind."""
    return _MIGRATION_ADAPTERS[dialect]()
