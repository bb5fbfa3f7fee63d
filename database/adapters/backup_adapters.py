"""Who backs up and restores which kind of database."""

from __future__ import annotations

from core.connection import ConnectionParameters, Dialect
from database.adapters.backup import BackupAdapter, Means


def backup_adapter_for(
    database: ConnectionParameters, keeper: ConnectionParameters, means: Means
) -> BackupAdapter:
    """Who does it for `database`, whose dialect is that of what really answers; nothing is connected yet."""
    return _adapter_class(database.dialect)(database, keeper, means)


def _adapter_class(dialect: Dialect) -> type[BackupAdapter]:
    match dialect:
        case Dialect.POSTGRESQL:
            from database.adapters.postgresql.backup import PostgreSQLBackup

            return PostgreSQLBackup
        case Dialect.MYSQL:
            from database.adapters.mysql.backup import MySQLBackup

            return MySQLBackup
        case Dialect.MARIADB:
            from database.adapters.mysql.mariadb_backup import MariaDBBackup

            return MariaDBBackup
        case Dialect.SQLITE:
            from database.adapters.sqlite.backup import SQLiteBackup

            return SQLiteBackup
