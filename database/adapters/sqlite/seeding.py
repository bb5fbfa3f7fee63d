"""Seeding on SQLite: prepared statements in short transactions."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from database.adapters.base import Connection, fetch_all
from database.adapters.seed_targets import Rows, Target
from database.adapters.seeding import SeedingAdapter
from database.adapters.spare_indexes import SpareIndexes
from database.adapters.sqlite.spare_indexes import SQLiteSpareIndexes

_SHADOWS = "SELECT name FROM pragma_table_list WHERE type = 'shadow'"
_BUSY = ("database is locked", "database table is locked")


class SQLiteSeeding(SeedingAdapter):
    """One SQLite file."""

    batch = 20_000
    longest = 2.0  # for which others may wait for the one who writes
    begin = "BEGIN IMMEDIATE"
    mark = "?"
    keys_return = True
    names_fold = True

    def prepare(self, connection: Connection) -> None:
        # Rows go into each index at another place: with the usual 2 MB most pages are read again and again.
        fetch_all(connection, "PRAGMA cache_size = -32768")

    def reserve(self, connection: Connection, target: Target, count: int) -> int:
        """The next key is the highest of all plus one."""
        quote = self.adapter.quote
        sql = f"SELECT coalesce(max({quote(target.key)}), 0) + 1 FROM {quote(target.table)}"
        return max(1, int(fetch_all(connection, sql)[0][0]))

    def load(self, connection: Connection, target: Target, rows: Rows) -> None:
        _run_for_each(connection, self._insert(target), rows)

    def upsert(self, connection: Connection, target: Target, rows: Rows) -> int:
        quote = self.adapter.quote
        rest = [quote(column) for column in target.changed]
        changes = ", ".join(f"{column} = excluded.{column}" for column in rest)
        old, new = (
            ", ".join(f"{whose}.{column}" for column in rest) for whose in (quote(target.table), "excluded")
        )
        sql = (
            f"{self._insert(target)} ON CONFLICT ({quote(target.key)}) DO UPDATE SET {changes} "
            f"WHERE ({old}) IS NOT ({new})"
        )
        if target.witness:  # a row that got the key later is not ours
            sql += f" AND {quote(target.table)}.{quote(target.witness)} = excluded.{quote(target.witness)}"
        before = _changes(connection)
        _run_for_each(connection, sql, rows)
        return _changes(connection) - before

    def spare_indexes(self) -> SpareIndexes:
        return SQLiteSpareIndexes(self.adapter)

    def inner_tables(self, connection: Connection) -> tuple[str, ...]:
        """Those of virtual tables, such as an index for searching texts."""
        return tuple(str(name) for (name,) in fetch_all(connection, _SHADOWS))

    def collides(self, error: BaseException) -> bool:
        return str(error).startswith("UNIQUE constraint failed")

    def passes(self, error: BaseException) -> bool:
        return str(error) in _BUSY

    def refresh(self, connection: Connection, tables: Collection[str]) -> None:
        """Nothing: the planner does well without."""

    def _insert(self, target: Target) -> str:
        marks = ", ".join([self.mark] * len(target.columns))
        table = self.adapter.quote(target.table)
        # What becomes of a row like another is for us to say, whatever the constraint says.
        return f"INSERT OR ABORT INTO {table} ({self._column_list(target.columns)}) VALUES ({marks})"


def _run_for_each(connection: Any, sql: str, rows: Rows) -> None:
    connection.executemany(sql, rows).close()


def _changes(connection: Any) -> int:
    return int(connection.total_changes)
