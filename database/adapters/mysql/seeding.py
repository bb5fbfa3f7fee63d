"""Seeding on MySQL and MariaDB: LOAD DATA LOCAL from our own memory where the server takes it, else inserts
of many rows; short transactions, as a cluster wants them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from typing import Any, cast

from core.errors import ServerError
from database.adapters.base import Connection, fetch_all
from database.adapters.mysql.adapter import MySQLAdapter
from database.adapters.row_lines import lines_of
from database.adapters.seed_targets import Rows, Target
from database.adapters.seeding import SeedingAdapter, affected

_DUPLICATE, _PASSING = 1062, (1205, 1213)
_GAP = 100  # keys that sessions may have been given whose rows are not to be seen yet
_CHECKS = """
SELECT check_clause FROM information_schema.check_constraints
WHERE constraint_schema = DATABASE() AND table_name = %s
"""
_OUTSIDERS = """
SELECT DISTINCT concat(table_schema, '.', table_name) FROM information_schema.key_column_usage
WHERE referenced_table_schema = DATABASE() AND referenced_table_name = %s AND table_schema <> DATABASE()
"""
_AT_ONCE = 500  # rows of one INSERT


class MySQLSeeding(SeedingAdapter):
    """One MySQL or MariaDB database."""

    batch = 5_000
    begin = "START TRANSACTION"
    upsert_meets_any_key = True
    _takes_files = False

    def open(self, timeout: float) -> Connection:
        cast("MySQLAdapter", self.adapter).loading = True
        return super().open(timeout)

    def prepare(self, connection: Connection) -> None:
        with suppress(ServerError):
            self._takes_files = bool(self.adapter.value(connection, "SELECT @@GLOBAL.local_infile"))

    def reserve(self, connection: Connection, target: Target, count: int) -> int:
        quote = self.adapter.quote
        # FOR UPDATE waits for rows that others have put in and not committed yet.
        sql = f"SELECT max({quote(target.key)}) FROM {quote(target.table)} FOR UPDATE"
        [(highest,)] = fetch_all(connection, sql)
        return 1 if highest is None else max(0, int(highest)) + 1 + _GAP

    def load(self, connection: Connection, target: Target, rows: Rows) -> None:
        if self._takes_files and self._load_as_file(connection, target, rows):
            return
        into = f"{self.adapter.quote(target.table)} ({self._column_list(target.columns)})"
        for some in _pieces(rows):
            fetch_all(connection, f"INSERT INTO {into} VALUES {_marks(some)}", _flat(some))

    def _load_as_file(self, connection: Any, target: Target, rows: Rows) -> bool:
        """Put all rows in, or none and give False: what is wrong with a row is only a warning there, and an
        INSERT says it as an error."""
        table, columns = self.adapter.quote(target.table), self._column_list(target.columns)
        fetch_all(connection, "SAVEPOINT load_rows")
        sql = (
            f"LOAD DATA LOCAL INFILE 'rows' INTO TABLE {table} CHARACTER SET utf8mb4 "
            f"FIELDS TERMINATED BY '\\t' ESCAPED BY '\\\\' LINES TERMINATED BY '\\n' ({columns})"
        )
        if connection.load(sql, lines_of(rows)) == (len(rows), 0):
            return True
        fetch_all(connection, "ROLLBACK TO SAVEPOINT load_rows")
        return False

    def upsert(self, connection: Connection, target: Target, rows: Rows) -> int:
        quote = self.adapter.quote
        table, columns = quote(target.table), self._column_list(target.columns)
        changes = ", ".join(f"{quote(one)} = VALUES({quote(one)})" for one in target.changed)
        changed = 0
        for some in _pieces(rows):
            sql = f"INSERT INTO {table} ({columns}) VALUES {_marks(some)} ON DUPLICATE KEY UPDATE {changes}"
            changed += affected(connection, sql, _flat(some))  # 1 for a new row, 2 for a changed one
        return changed

    def outsiders(self, connection: Connection, table: str) -> tuple[str, ...]:
        return tuple(str(name) for (name,) in fetch_all(connection, _OUTSIDERS, (table,)))

    def refresh(self, connection: Connection, tables: Collection[str]) -> None:
        for table in tables:
            fetch_all(connection, f"ANALYZE TABLE {self.adapter.quote(table)}")

    @contextmanager
    def in_a_circle(self, connection: Connection) -> Iterator[None]:
        """Not even a row that points to itself can be deleted there; that no other row points to any of these
        is a condition of the same statement."""
        fetch_all(connection, "SET SESSION foreign_key_checks = 0")
        try:
            yield
        finally:
            fetch_all(connection, "SET SESSION foreign_key_checks = 1")

    def collides(self, error: BaseException) -> bool:
        return error.args[:1] == (_DUPLICATE,)

    def passes(self, error: BaseException) -> bool:
        return bool(error.args) and error.args[0] in _PASSING


class MariaDBSeeding(MySQLSeeding):
    """One MariaDB database, whose columns have checks of their own."""

    def checks(self, connection: Connection, table: str) -> tuple[str, ...]:
        return tuple(str(check) for (check,) in fetch_all(connection, _CHECKS, (table,)))


def _pieces(rows: Rows) -> list[Rows]:
    return [rows[start : start + _AT_ONCE] for start in range(0, len(rows), _AT_ONCE)]


def _marks(rows: Rows) -> str:
    one = f"({', '.join(['%s'] * len(rows[0]))})"
    return ", ".join([one] * len(rows))


def _flat(rows: Rows) -> list[Any]:
    return [value for row in rows for value in row]
