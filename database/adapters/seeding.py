"""The contract for seeding: many rows put into a table the fastest way there is, keys set aside for them, and
exactly those rows taken out again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from math import inf
from typing import Any, ClassVar

from database.adapters.base import Adapter, Connection, fetch_all
from database.adapters.seed_targets import Limits, Pointer, Rows, Target
from database.adapters.spare_indexes import SpareIndexes


class SeedingAdapter(ABC):
    """Loads rows on one kind of server, over a plain connection in autocommit. The driver's errors pass
    through; whoever calls has them explained."""

    batch: ClassVar[int]  # rows in one transaction
    longest: ClassVar[float] = inf  # seconds that one should take; the next are shorter
    mark: ClassVar[str] = "%s"  # of a bound value

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    def prepare(self, connection: Connection) -> None:
        """Make a connection that was just opened fit for this."""
        self.adapter.ping(connection)

    def open(self, timeout: float) -> Connection:
        """A connection that can load. Raises what `Adapter.connect` raises."""
        return self.adapter.connect(timeout)

    @contextmanager
    def transaction(self, connection: Connection) -> Iterator[None]:
        """The statements inside are done together or not at all."""
        fetch_all(connection, self.begin)
        try:
            yield
            fetch_all(connection, "COMMIT")
        except BaseException:
            self._roll_back(connection)
            raise

    begin: ClassVar[str] = "BEGIN"

    def _roll_back(self, connection: Connection) -> None:
        try:
            fetch_all(connection, "ROLLBACK")
        except self.adapter.driver_errors():
            connection.close()  # lost, and the transaction with it

    @abstractmethod
    def reserve(self, connection: Connection, target: Target, count: int) -> int:
        """The first of `count` successive keys that nobody has and, once the row with the last of them is
        there, nobody is given. Within a transaction."""

    @abstractmethod
    def load(self, connection: Connection, target: Target, rows: Rows) -> None:
        """Put rows in. Within a transaction."""

    @abstractmethod
    def upsert(self, connection: Connection, target: Target, rows: Rows) -> int:
        """Put rows in, or bring those that have their keys to the same values; gives how many were not
        already so. Within a transaction."""

    def spare_indexes(self) -> SpareIndexes | None:
        """Who drops indexes while many rows come; None where it is slower or keeps others out for long."""
        return None

    @abstractmethod
    def collides(self, error: BaseException) -> bool:
        """True when a row is alike to another where none may be."""

    @abstractmethod
    def passes(self, error: BaseException) -> bool:
        """True when the same transaction may well succeed if it is tried again."""

    keys_return: ClassVar[bool] = False  # the key of a row that is gone may be given to another
    upsert_meets_any_key: ClassVar[bool] = False  # an upsert writes over a row that is alike in any of them

    def refresh(self, connection: Connection, tables: Collection[str]) -> None:
        """Let the server look anew at what is in those tables, which it plans by."""
        for table in tables:
            fetch_all(connection, f"ANALYZE {self.adapter.quote(table)}")

    def taken(self, connection: Connection, target: Target, column: str, rows: Rows) -> set[Any]:
        """The values of `column` among those of `rows` that rows with other keys have."""
        position, found = target.columns.index(column), set()
        quote = self.adapter.quote
        for step in range(0, len(rows), 500):
            some = {row[position]: row[0] for row in rows[step : step + 500]}
            marks = ", ".join([self.mark] * len(some))
            sql = (
                f"SELECT {quote(column)}, {quote(target.key)} FROM {quote(target.table)} "
                f"WHERE {quote(column)} IN ({marks})"
            )
            there = fetch_all(connection, sql, list(some))
            found |= {value for value, key in there if some.get(value) != key}
        return found

    def count(self, connection: Connection, target: Target, first: int, last: int) -> int:
        """Rows with keys from `first` to `last`."""
        quote, mark = self.adapter.quote, self.mark
        sql = (
            f"SELECT count(*) FROM {quote(target.table)} WHERE {quote(target.key)} BETWEEN {mark} AND {mark}"
        )
        return int(fetch_all(connection, sql, (first, last))[0][0])

    def sample(
        self,
        connection: Connection,
        table: str,
        columns: Sequence[str],
        limits: Sequence[Limits],
        most: int,
    ) -> list[tuple[Any, ...]]:
        """Up to `most` different values of those columns of a table, in order, where all `limits` hold."""
        where, values = self._within(limits)
        listed = self._column_list(columns)
        sql = f"SELECT DISTINCT {listed} FROM {self.adapter.quote(table)}{where} ORDER BY {listed}"
        rows = fetch_all(connection, f"{sql} LIMIT {most:d}", values)
        return [row for row in rows if None not in row]

    def is_empty(self, connection: Connection, table: str) -> bool:
        """True when a table has no row."""
        return not fetch_all(connection, f"SELECT 1 FROM {self.adapter.quote(table)} LIMIT 1")

    def highest(self, connection: Connection, table: str, column: str) -> int:
        """The largest whole number in a column, 0 for none."""
        sql = f"SELECT max({self.adapter.quote(column)}) FROM {self.adapter.quote(table)}"
        return int(fetch_all(connection, sql)[0][0] or 0)

    def remove_within(
        self, connection: Connection, target: Target, limits: Sequence[Limits], pointers: Sequence[Pointer]
    ) -> int:
        """As `remove`, of the rows for which all `limits` hold; they may point to each other."""
        table = self.adapter.quote(target.table)
        where, values = self._within(limits)
        sql = f"DELETE FROM {table}{where}"
        sql += self._unless(target, [one for one in pointers if one.table != target.table])
        values += _spared(target)
        for pointer in pointers:
            if pointer.table == target.table:
                beyond, more = self._within(limits)
                sql += self._unless_beyond(table, pointer, beyond.removeprefix(" WHERE "))
                values += more
        if not any(one.table == target.table for one in pointers):
            return affected(connection, sql, values)
        with self.in_a_circle(connection):
            return affected(connection, sql, values)

    def _unless_beyond(self, table: str, pointer: Pointer, within: str) -> str:
        """But for rows that others of the same table point to; MySQL reads a table that it deletes from only
        in a query within a query."""
        quote = self.adapter.quote
        own, referring = self._column_list(pointer.targets), self._column_list(pointer.columns)
        named = " AND ".join(f"{quote(column)} IS NOT NULL" for column in pointer.columns)
        nothing = " OR ".join(f"{quote(column)} IS NULL" for column in pointer.targets)
        others = f"SELECT {referring} FROM {table} WHERE {named} AND NOT ({within})"
        return f" AND ({nothing} OR ({own}) NOT IN (SELECT {referring} FROM ({others}) AS others))"

    @contextmanager
    def in_a_circle(self, connection: Connection) -> Iterator[None]:
        """A DELETE of rows that point to each other, where the server looks at each row by itself."""
        yield

    def checks(self, connection: Connection, table: str) -> tuple[str, ...]:
        """The checks of a table that reflection does not tell of."""
        return ()

    def _within(self, limits: Sequence[Limits]) -> tuple[str, list[object]]:
        parts = [f"{self.adapter.quote(one.column)} BETWEEN {self.mark} AND {self.mark}" for one in limits]
        values: list[object] = [value for one in limits for value in (one.low, one.high)]
        return (f" WHERE {' AND '.join(parts)}" if parts else ""), values

    def remove(
        self,
        connection: Connection,
        target: Target,
        first: int,
        last: int,
        pointers: Sequence[Pointer],
    ) -> int:
        """Delete the rows with keys from `first` to `last` that are not spared and that nothing points to by
        any of `pointers`; gives how many. Within a transaction."""
        quote = self.adapter.quote
        sql = (
            f"DELETE FROM {quote(target.table)} WHERE {quote(target.key)} BETWEEN {self.mark} AND {self.mark}"
        )
        return affected(connection, sql + self._unless(target, pointers), (first, last, *_spared(target)))

    def remove_witnessed(
        self,
        connection: Connection,
        target: Target,
        witness: str,
        rows: Sequence[tuple[int, object]],
        pointers: Sequence[Pointer],
    ) -> int:
        """As `remove`, of the rows with those keys whose column `witness` holds what is said beside: where
        keys return, another row may have the key by now."""
        quote = self.adapter.quote
        sql = (
            f"DELETE FROM {quote(target.table)} "
            f"WHERE {quote(target.key)} = {self.mark} AND {quote(witness)} = {self.mark}"
        )
        cursor = connection.cursor()
        try:
            some = [(*row, *_spared(target)) for row in rows]
            cursor.executemany(sql + self._unless(target, pointers), some)
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _unless(self, target: Target, pointers: Sequence[Pointer]) -> str:
        quote = self.adapter.quote
        spared = "".join(f" AND {quote(column)} <> {self.mark}" for column, _ in target.spared)
        return spared + "".join(
            f" AND NOT EXISTS (SELECT 1 FROM {quote(one.table)} AS other WHERE {self._meets(target, one)})"
            for one in pointers
        )

    def _meets(self, target: Target, pointer: Pointer) -> str:
        quote = self.adapter.quote
        return " AND ".join(
            f"other.{quote(column)} = {quote(target.table)}.{quote(own)}"
            for column, own in zip(pointer.columns, pointer.targets, strict=True)
        )

    names_fold: ClassVar[bool] = False  # a table is found by its name in other letters, too

    def inner_tables(self, connection: Connection) -> tuple[str, ...]:
        """Tables that others are made of, and nobody else writes into."""
        return ()

    def outsiders(self, connection: Connection, table: str) -> tuple[str, ...]:
        """Tables of other schemas or databases that refer to a table: their rows are not looked at here."""
        return ()

    def typed_mark(self, type: str) -> str:
        """The mark of a value bound in a place that does not tell its type."""
        return self.mark

    def _column_list(self, columns: Sequence[str]) -> str:
        return ", ".join(map(self.adapter.quote, columns))


def _spared(target: Target) -> list[str]:
    return [value for _, value in target.spared]


def affected(connection: Connection, sql: str, values: Sequence[object] = ()) -> int:
    """Run one statement and give how many rows it touched."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql, tuple(values))
        return int(cursor.rowcount)
    finally:
        cursor.close()
