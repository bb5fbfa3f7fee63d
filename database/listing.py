"""Lists of any length, a page at a time: each page begins where the last one ended, found by an index, so
that the thousandth costs what the first does; and whoever asks for too much is told so after some seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, RowMapping, Select, TypeDecorator, and_, or_

from core.errors import LockTimeout, ServerError, ServerTimeout, TooBroad
from database.adapters import adapter_for
from database.context import current_settings
from database.cursors import read_cursor, write_cursor
from database.transactions import DatabaseSession, transaction

T = TypeVar("T")

LONGEST = 200  # rows of a page
PATIENCE = 3.0  # seconds that one question for a page may take
_BATCH = 1000  # rows of an export read at once
_LAST = 0x10FFFF


@dataclass(frozen=True)
class Page(Generic[T]):
    """A part of a list. `next_cursor` is where the next one begins, "" when none follows."""

    rows: tuple[T, ...]
    next_cursor: str


@dataclass(frozen=True)
class Stretch:
    """Rows in one order: those of which `which` is true, by the column `by`, which an index begins with, and
    by `key` among equals; `key` is None where no two are equal. A list is one stretch or several in turn."""

    by: Any
    key: Any = None
    descending: bool = False
    which: tuple[ColumnElement[bool], ...] = ()


def read_page(
    session: DatabaseSession, query: Select[Any], stretches: Sequence[Stretch], cursor: str, limit: int
) -> Page[RowMapping]:
    """The `limit` rows, never more than 200, that follow `cursor`, "" for the first. `query` selects the
    columns that the stretches are sorted by. Raises InvalidInput for what is no cursor of this list."""
    return _read(session, query, stretches, cursor, max(1, min(limit, LONGEST)))


def read_all(
    query: Select[Any], stretches: Sequence[Stretch], facts_of: Callable[[RowMapping], T]
) -> Iterator[T]:
    """Every row of a list, however many: a thousand in memory at a time, each thousand as it is when it is
    read. Needs an application context while it runs. Raises TooBroad, ServerError."""
    cursor, first = "", True
    while first or cursor:
        with patient_transaction() as session:
            page = _read(session, query, stretches, cursor, _BATCH)
            found = [facts_of(row) for row in page.rows]
        yield from found
        cursor, first = page.next_cursor, False


@contextmanager
def patient_transaction(seconds: float = PATIENCE) -> Iterator[DatabaseSession]:
    """A transaction in which no statement may take longer than that. Raises TooBroad for one that does, and
    what `transaction` raises."""
    try:
        with transaction() as session, _limited(session, seconds):
            yield session
    except LockTimeout:
        raise
    except ServerTimeout as error:
        raise TooBroad() from error


def begins_with(column: Any, beginning: str) -> ColumnElement[bool]:
    """True of texts that begin so: a range, which an index finds where texts are compared by code point.
    LIKE would find them too, but on SQLite by looking at all."""
    end = _after(beginning)
    return and_(column >= beginning, column < end) if end else column >= beginning


def _read(
    session: DatabaseSession, query: Select[Any], stretches: Sequence[Stretch], cursor: str, size: int
) -> Page[RowMapping]:
    place, last = read_cursor(cursor, [_types(one) for one in stretches]) if cursor else (0, ())
    found: list[tuple[int, RowMapping]] = []
    for number, stretch in enumerate(stretches[place:], place):
        wanted = _ordered(query.where(*stretch.which), stretch).limit(size + 1 - len(found))
        if last:
            wanted = wanted.where(_beyond(stretch, *last))
        found += [(number, row) for row in session.execute(wanted).mappings()]
        last = ()
        if len(found) > size:
            break
    shown = found[:size]
    return Page(tuple(row for _, row in shown), _cursor(stretches, *shown[-1]) if len(found) > size else "")


def _types(stretch: Stretch) -> tuple[type, ...]:
    columns = [stretch.by] if stretch.key is None else [stretch.by, stretch.key]
    return tuple(_plain_type(column.type) for column in columns)


def _plain_type(kind: Any) -> type:
    python_type: type = (kind.impl_instance if isinstance(kind, TypeDecorator) else kind).python_type
    return python_type


def _cursor(stretches: Sequence[Stretch], number: int, row: RowMapping) -> str:
    stretch = stretches[number]
    columns = [stretch.by] if stretch.key is None else [stretch.by, stretch.key]
    return write_cursor(number, [row[column.key] for column in columns])


def _ordered(query: Select[Any], stretch: Stretch) -> Select[Any]:
    columns = [stretch.by] if stretch.key is None else [stretch.by, stretch.key]
    return query.order_by(*(column.desc() if stretch.descending else column for column in columns))


def _beyond(stretch: Stretch, value: Any, key: Any = None) -> ColumnElement[bool]:
    """True of the rows after that one. The first part is the range of the index: a comparison of pairs is
    one on some servers only."""
    by, other = stretch.by, stretch.key
    if other is None:
        beyond: ColumnElement[bool] = by < value if stretch.descending else by > value
        return beyond
    if stretch.descending:
        return and_(by <= value, or_(by < value, other < key))
    return and_(by >= value, or_(by > value, other > key))


def _after(beginning: str) -> str:
    """The least text greater than all that begin so; "" when there is none."""
    kept = beginning.rstrip(chr(_LAST))
    if not kept:
        return ""
    following = ord(kept[-1]) + 1
    return kept[:-1] + chr(0xE000 if following == 0xD800 else following)  # between them are no letters


@contextmanager
def _limited(session: DatabaseSession, seconds: float) -> Iterator[None]:
    adapter = adapter_for(current_settings().database)
    connection: Any = session.connection().connection.dbapi_connection
    adapter.statement_timeout(connection, seconds)
    try:
        yield
    except BaseException:
        # What failed may have spoilt the transaction, in which no limit could be taken away.
        with suppress(ServerError, *adapter.driver_errors()):
            connection.rollback()
            adapter.statement_timeout(connection, 0)
        raise
    adapter.statement_timeout(connection, 0)
