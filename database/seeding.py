"""Rows put into tables in batches that commit, taken down in the ledger as they come, and taken out again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from core.connection import ConnectionParameters
from core.errors import Conflict, ServerError
from core.failpoints import failpoint
from database.adapters import closing_connection
from database.adapters.base import Connection, translated
from database.adapters.seed_targets import Limits, Pointer, Rows, Target
from database.adapters.seeding import SeedingAdapter
from database.adapters.seeding_adapters import seeding_adapter_for
from database.check_trials import satisfies
from database.ledger import Entry, Ledger
from database.table_shapes import Column

__all__ = ["Entry", "Filler", "Limits", "Pointer", "Target", "count_rows", "open_filler"]

_TIMEOUT = 30.0  # seconds to connect
_TRIES = 5  # of a transaction that met another's
_LEAST = 100  # rows in one transaction
_PAUSE = 0.2  # seconds before the second
T = TypeVar("T")


class Filler:
    """A connection to the database that is filled, and the ledger: where that is in the same database, rows
    and their entry are there together or not at all; else the entry follows the rows."""

    def __init__(self, seeding: SeedingAdapter, connection: Connection, ledger: Ledger | None) -> None:
        self._seeding = seeding
        self._connection = connection
        self._own = Ledger(seeding.adapter, connection, seeding.mark) if ledger is None else None
        self._apart = ledger
        self.database = seeding.adapter.parameters
        self.batch = seeding.batch  # rows in one transaction, for now
        self.spares_indexes = seeding.spare_indexes() is not None
        self.keys_return = seeding.keys_return  # the key of a row that is gone may be given to another

    def begin(self, target: Target, part: int, count: int, make_last: Callable[[int], Rows]) -> int:
        """Set `count` successive keys aside for a part, put in the row with the last of them, which keeps
        them its own, and write the first into the ledger; gives it. Raises Conflict, ServerError."""

        def work(rename: bool) -> int:
            first = self._seeding.reserve(self._connection, target, count)
            if self._apart:  # before any row, or nobody would know whose it is
                self._apart.begin(part, first, again=True)  # a try that failed has written others
            rows = make_last(first)
            self._seeding.load(self._connection, target, self._renamed(target, rows) if rename else rows)
            if self._own:
                self._own.begin(part, first, again=False)
            return first

        return self._put(work)

    def put(self, target: Target, rows: Rows, before: Entry, after: Entry) -> None:
        """Put rows in, and let the ledger say so. Raises LeaseLost when another went on with that part in the
        meantime, Conflict, ServerError."""

        def work(rename: bool) -> None:
            if rows:
                self._seeding.load(self._connection, target, self._renamed(target, rows) if rename else rows)
            failpoint("seeding.rows")
            if self._own:
                self._own.keep(before, after)

        began = time.monotonic()
        self._put(work)
        self._pace(time.monotonic() - began)
        self._follow(before, after)

    def upsert(self, target: Target, rows: Rows, entries: tuple[Entry, Entry] | None = None) -> int:
        """As `put`, where some of them may be there; gives how many were not there as they are now."""

        def work(rename: bool) -> int:
            rename = rename or (bool(target.unique) and self._seeding.upsert_meets_any_key)
            changed = self._seeding.upsert(
                self._connection, target, self._renamed(target, rows) if rename else rows
            )
            if self._own and entries:
                self._own.keep(*entries)
            return changed

        changed = self._put(work)
        if entries:
            self._follow(*entries)
        return changed

    def count(self, target: Target, first: int, last: int) -> int:
        """Rows with keys from `first` to `last`."""
        with translated(self._seeding.adapter):
            return self._seeding.count(self._connection, target, first, last)

    def sample(
        self, table: str, columns: Sequence[str], limits: Sequence[Limits], most: int
    ) -> list[tuple[Any, ...]]:
        """Up to `most` different values of those columns where all `limits` hold."""
        with translated(self._seeding.adapter):
            return self._seeding.sample(self._connection, table, columns, limits, most)

    def is_empty(self, table: str) -> bool:
        """True when a table has no row."""
        with translated(self._seeding.adapter):
            return self._seeding.is_empty(self._connection, table)

    def highest(self, table: str, column: str) -> int:
        """The largest whole number in a column, 0 for none."""
        with translated(self._seeding.adapter):
            return self._seeding.highest(self._connection, table, column)

    def checks(self, table: str) -> tuple[str, ...]:
        """The checks of a table that reflection does not tell of."""
        with translated(self._seeding.adapter):
            return self._seeding.checks(self._connection, table)

    def outsiders(self, table: str) -> tuple[str, ...]:
        """Tables of other schemas or databases that refer to a table."""
        with translated(self._seeding.adapter):
            return self._seeding.outsiders(self._connection, table)

    def satisfies(self, table: str, check: str, columns: Sequence[Column], values: Sequence[Any]) -> bool:
        """True when a row with those values passes the check."""
        return satisfies(self._seeding, self._connection, table, check, columns, values)

    def remove_within(self, target: Target, limits: Sequence[Limits], pointers: Sequence[Pointer]) -> int:
        """Delete the rows for which all `limits` hold and that nothing points to; gives how many."""
        return self._transact(lambda: self._seeding.remove_within(self._connection, target, limits, pointers))

    def remove(self, target: Target, first: int, last: int, pointers: Sequence[Pointer]) -> int:
        """Delete the rows with those keys that nothing points to; gives how many."""
        return self._transact(lambda: self._seeding.remove(self._connection, target, first, last, pointers))

    def remove_witnessed(
        self, target: Target, witness: str, rows: Sequence[tuple[int, object]], pointers: Sequence[Pointer]
    ) -> int:
        """As `remove`, of rows whose column `witness` holds what is said beside the key."""
        return self._transact(
            lambda: self._seeding.remove_witnessed(self._connection, target, witness, rows, pointers)
        )

    def refresh(self, tables: Sequence[str]) -> None:
        """Let the server look anew at what is in those tables."""
        with translated(self._seeding.adapter):
            self._seeding.refresh(self._connection, tables)

    def _put(self, work: Callable[[bool], T]) -> T:
        """Once as it is, and once more with other values where people have them already."""
        try:
            return self._transact(lambda: work(False))
        except ServerError as error:
            if not _is(error, self._seeding.collides):
                raise
        try:
            return self._transact(lambda: work(True))
        except ServerError as error:
            if _is(error, self._seeding.collides):
                raise Conflict("Another row has the same key or name.") from error
            raise

    def _pace(self, seconds: float) -> None:
        """Fewer rows at once after a transaction that took too long, and more again when that is over."""
        if seconds > self._seeding.longest:
            self.batch = max(_LEAST, self.batch // 2)
        elif seconds < self._seeding.longest / 4:
            self.batch = min(self._seeding.batch, self.batch * 2)

    def _transact(self, work: Callable[[], T]) -> T:
        """Do it in one transaction, again when it met another's."""
        for attempt in range(1, _TRIES + 1):
            try:
                with translated(self._seeding.adapter), self._seeding.transaction(self._connection):
                    return work()
            except ServerError as error:
                if attempt == _TRIES or not _is(error, self._seeding.passes):
                    raise
            time.sleep(_PAUSE * attempt)
        raise AssertionError("unreachable")

    def _follow(self, before: Entry, after: Entry) -> None:
        failpoint("seeding.batch")
        if self._apart:
            self._apart.keep(before, after)

    def _renamed(self, target: Target, rows: Rows) -> Rows:
        for column in target.unique:
            if taken := self._seeding.taken(self._connection, target, column, rows):
                rows = [_renamed(row, target.columns.index(column), taken) for row in rows]
        return rows


@contextmanager
def open_filler(
    database: ConnectionParameters, ledger: ConnectionParameters | None = None
) -> Iterator[Filler]:
    """Whoever fills `database`; the `ledger` is in there where no other is named. Raises ConnectionFailed and
    its kin."""
    with _connected(database) as (seeding, connection):
        if ledger is None:
            yield Filler(seeding, connection, None)
            return
        with _connected(ledger) as (books, second):
            yield Filler(seeding, connection, Ledger(books.adapter, second, books.mark))


def count_rows(database: ConnectionParameters, ranges: Sequence[tuple[Target, int, int]]) -> tuple[int, ...]:
    """How many rows each of those tables has between two keys."""
    with closing_connection(database, _TIMEOUT) as (adapter, connection), translated(adapter):
        seeding = seeding_adapter_for(adapter.recognised(connection), adapter)
        return tuple(seeding.count(connection, *one) for one in ranges)


@contextmanager
def _connected(database: ConnectionParameters) -> Iterator[tuple[SeedingAdapter, Connection]]:
    with closing_connection(database, _TIMEOUT) as (adapter, connection):
        seeding = seeding_adapter_for(adapter.recognised(connection), adapter)
    connection = seeding.open(_TIMEOUT)
    try:
        seeding.prepare(connection)
        yield seeding, connection
    finally:
        connection.close()


def _renamed(row: tuple[Any, ...], position: int, taken: set[Any]) -> tuple[Any, ...]:
    """The row, with figures behind the name that somebody else has."""
    if row[position] not in taken:
        return row
    name, at, domain = str(row[position]).partition("@")
    return (*row[:position], f"{name}-{row[0]}{at}{domain}", *row[position + 1 :])


def _is(error: ServerError, question: Callable[[BaseException], bool]) -> bool:
    return error.__cause__ is not None and question(error.__cause__)
