"""Column types and functions that mean the same on every dialect."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import Any, cast

from sqlalchemy import BigInteger, Date, DateTime, Dialect, Integer, String, Text
from sqlalchemy.dialects import mysql
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import TypeDecorator, TypeEngine

from core.naming import fold

# SQLite counts up by itself only in a column declared INTEGER.
Identifier = BigInteger().with_variant(Integer(), "sqlite")
LongText = Text().with_variant(mysql.MEDIUMTEXT(), "mysql", "mariadb")


def by_code_point(length: int) -> TypeEngine[str]:
    """Text compared by code point, as the collation of all tables does it on MySQL and SQLite by itself, so
    that one index sorts it and finds its beginnings."""
    return String(length).with_variant(String(length, collation="C"), "postgresql")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment in UTC with microseconds. Refuses a naive one, which could mean any zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name in ("mysql", "mariadb"):
            return dialect.type_descriptor(mysql.DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A moment needs its zone: use core.clock.utc_now().")
        moment = value.astimezone(UTC)
        return moment if dialect.name == "postgresql" else moment.replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class FoldedString(TypeDecorator[str]):
    """Text stored and compared NFKC case-folded (SPEC section 4)."""

    impl = String
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(by_code_point(cast(String, self.impl_instance).length or 0))

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        return None if value is None else fold(value)


class JsonText(TypeDecorator[Any]):
    """JSON kept as text, so that no dialect orders its keys or adds a constraint of its own."""

    impl = LongText
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else json.loads(value)


class character_count(FunctionElement[int]):
    """The number of characters in a text; `length` counts bytes on MySQL."""

    type = Integer()
    inherit_cache = True


@compiles(character_count)
def _character_count(element: Any, compiler: Any, **options: Any) -> str:
    return f"char_length({compiler.process(element.clauses, **options)})"


@compiles(character_count, "sqlite")
def _sqlite_character_count(element: Any, compiler: Any, **options: Any) -> str:
    return f"length({compiler.process(element.clauses, **options)})"


class utc_day(FunctionElement[date]):
    """The UTC day of a moment, whatever the zone of the session."""

    type = Date()
    inherit_cache = True


@compiles(utc_day)
def _utc_day(element: Any, compiler: Any, **options: Any) -> str:
    return f"date({compiler.process(element.clauses, **options)})"  # moments are kept there as UTC


@compiles(utc_day, "postgresql")
def _postgresql_utc_day(element: Any, compiler: Any, **options: Any) -> str:
    return f"date(timezone('UTC', {compiler.process(element.clauses, **options)}))"


class database_now(FunctionElement[datetime]):
    """The moment by the database's own clock, which all who work on it share."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(database_now)
def _database_now(element: Any, compiler: Any, **options: Any) -> str:
    return "clock_timestamp()"  # now() stands still within a transaction


@compiles(database_now, "mysql")
@compiles(database_now, "mariadb")
def _mysql_database_now(element: Any, compiler: Any, **options: Any) -> str:
    return "utc_timestamp(6)"


@compiles(database_now, "sqlite")
def _sqlite_database_now(element: Any, compiler: Any, **options: Any) -> str:
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"  # milliseconds, spelt as the column spells them
