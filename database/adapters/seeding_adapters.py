"""Who seeds which kind of server."""

from __future__ import annotations

from core.connection import Dialect
from database.adapters.base import Adapter
from database.adapters.seeding import SeedingAdapter


def seeding_adapter_for(dialect: Dialect, adapter: Adapter) -> SeedingAdapter:
    """Who does it on servers of that kind, through `adapter`."""
    return _seeding_class(dialect)(adapter)


def _seeding_class(dialect: Dialect) -> type[SeedingAdapter]:
    match dialect:
        case Dialect.POSTGRESQL:
            from database.adapters.postgresql.seeding import PostgreSQLSeeding

            return PostgreSQLSeeding
        case Dialect.MYSQL:
            from database.adapters.mysql.seeding import MySQLSeeding

            return MySQLSeeding
        case Dialect.MARIADB:
            from database.adapters.mysql.seeding import MariaDBSeeding

            return MariaDBSeeding
        case Dialect.SQLITE:
            from database.adapters.sqlite.seeding import SQLiteSeeding

            return SQLiteSeeding
