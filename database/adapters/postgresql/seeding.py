"""Seeding on PostgreSQL: COPY, and a staging table for upserts."""

from __future__ import annotations

import io
from typing import Any

from database.adapters.base import Connection, fetch_all
from database.adapters.postgresql.spare_indexes import PostgreSQLSpareIndexes
from database.adapters.row_lines import lines_of
from database.adapters.seed_targets import Rows, Target
from database.adapters.seeding import SeedingAdapter, affected
from database.adapters.spare_indexes import SpareIndexes

_UNIQUE, _NOT_ALLOWED = "23505", "42501"
_PASSING = ("40P01", "40001", "55P03")
# That of the column itself, or else one that its default draws from.
_SEQUENCE = """
    SELECT coalesce(pg_catalog.pg_get_serial_sequence(%s, %s), (
        SELECT min(s.oid::pg_catalog.regclass::text)
        FROM pg_catalog.pg_attribute c
        JOIN pg_catalog.pg_attrdef a ON a.adrelid = c.attrelid AND a.adnum = c.attnum
        JOIN pg_catalog.pg_depend d ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass
            AND d.objid = a.oid AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
        JOIN pg_catalog.pg_class s ON s.oid = d.refobjid AND s.relkind = 'S'
        WHERE c.attrelid = %s::pg_catalog.regclass AND c.attname = %s))
"""
_OUTSIDERS = """
    SELECT DISTINCT k.conrelid::pg_catalog.regclass::text FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_class t ON t.oid = k.confrelid JOIN pg_catalog.pg_class o ON o.oid = k.conrelid
    WHERE k.contype = 'f' AND t.oid = %s::pg_catalog.regclass AND o.relnamespace <> t.relnamespace ORDER BY 1
"""


class PostgreSQLSeeding(SeedingAdapter):
    """One PostgreSQL database."""

    batch = 20_000

    def prepare(self, connection: Connection) -> None:
        # Moments are written without their zone, which is UTC.
        fetch_all(connection, "SET TimeZone = 'UTC'")

    def reserve(self, connection: Connection, target: Target, count: int) -> int:
        """Nobody may write while the keys are taken off the table's sequence, if it has one."""
        quote = self.adapter.quote
        table, key = quote(target.table), quote(target.key)
        fetch_all(connection, f"LOCK TABLE {table} IN SHARE ROW EXCLUSIVE MODE")
        first = int(fetch_all(connection, f"SELECT coalesce(max({key}), 0) + 1 FROM {table}")[0][0])
        [(sequence,)] = fetch_all(connection, _SEQUENCE, (table, target.key) * 2)
        if sequence is None:
            return first
        [(last, is_used)] = fetch_all(connection, f"SELECT last_value, is_called FROM {sequence}")
        first = max(first, int(last) + bool(is_used))
        self._advance(connection, sequence, int(last) if is_used else int(last) - 1, first + count - 1)
        return first

    def _advance(self, connection: Connection, sequence: str, used: int, wanted: int) -> None:
        """Let the sequence go on behind `wanted`; who may not set it draws that many numbers."""
        fetch_all(connection, "SAVEPOINT advance")
        try:
            fetch_all(connection, "SELECT pg_catalog.setval(%s, %s)", (sequence, wanted))
        except self.adapter.driver_errors() as error:
            if getattr(error, "pgcode", None) != _NOT_ALLOWED:
                raise
            fetch_all(connection, "ROLLBACK TO SAVEPOINT advance")
            draw = "SELECT count(pg_catalog.nextval(%s)) FROM pg_catalog.generate_series(1, %s)"
            fetch_all(connection, draw, (sequence, wanted - used))

    def load(self, connection: Connection, target: Target, rows: Rows) -> None:
        self._copy(connection, self.adapter.quote(target.table), target, rows)

    def upsert(self, connection: Connection, target: Target, rows: Rows) -> int:
        quote = self.adapter.quote
        table, columns = quote(target.table), self._column_list(target.columns)
        fetch_all(
            connection,
            f"CREATE TEMPORARY TABLE seeding_stage ON COMMIT DROP AS SELECT {columns} FROM {table} LIMIT 0",
        )
        self._copy(connection, "seeding_stage", target, rows)
        rest = [quote(column) for column in target.changed]
        changes = ", ".join(f"{column} = excluded.{column}" for column in rest)
        old, new = (", ".join(f"{whose}.{column}" for column in rest) for whose in (table, "excluded"))
        return affected(
            connection,
            f"INSERT INTO {table} ({columns}) SELECT {columns} FROM seeding_stage "
            f"ON CONFLICT ({quote(target.key)}) DO UPDATE SET {changes} "
            f"WHERE ({old}) IS DISTINCT FROM ({new})",
        )

    def outsiders(self, connection: Connection, table: str) -> tuple[str, ...]:
        return tuple(name for (name,) in fetch_all(connection, _OUTSIDERS, (self.adapter.quote(table),)))

    def typed_mark(self, type: str) -> str:
        return f"CAST({self.mark} AS {type})" if type else self.mark

    def spare_indexes(self) -> SpareIndexes:
        return PostgreSQLSpareIndexes(self.adapter)

    def collides(self, error: BaseException) -> bool:
        return getattr(error, "pgcode", None) == _UNIQUE

    def passes(self, error: BaseException) -> bool:
        return getattr(error, "pgcode", None) in _PASSING

    def _copy(self, connection: Any, table: str, target: Target, rows: Rows) -> None:
        with connection.cursor() as cursor:
            sql = f"COPY {table} ({self._column_list(target.columns)}) FROM STDIN"
            cursor.copy_expert(sql, io.BytesIO(lines_of(rows)), 262_144)
