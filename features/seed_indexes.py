"""Indexes of an empty table set aside while many rows come, and put back whatever becomes of the run: what is
away stands in the ledger, from before it goes until it is there again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import select, update

from core.connection import ConnectionParameters
from core.errors import AppError
from core.failpoints import failpoint
from core.naming import fold
from core.progress import Operation, PhaseStarted, operation
from core.text import plural
from database.seeding import Filler, open_filler
from database.spare_indexes import IndexKeeper, SpareIndex, open_index_keeper
from database.transactions import transaction
from features.databases import find_database
from models import SeedPart, SeedRun, TargetLock

# Rows from which it pays: profiles and commands, with two and three such indexes, took the same time on
# PostgreSQL with 20,000 rows and were 1.2 and 1.4 times as fast with 80,000 (median of 3 runs each, all in).
MANY = 50_000


@contextmanager
def indexes_aside(op: Operation, filler: Filler, part: int, table: str, rows: int) -> Iterator[None]:
    """Meanwhile the table of a part, which so many `rows` come to, goes without the indexes it can spare, if
    it is empty. Raises ServerError when they cannot be put back: they are in the ledger then, and whoever
    comes next does it."""
    if rows < MANY or not filler.spares_indexes or not _set_aside(op, filler, part, table, rows):
        yield
        return
    try:
        yield
    except BaseException:
        _try_to_put_back(op, filler.database, part)
        raise
    _put_back(op, filler.database, [part])


@contextmanager
def opened_filler(
    op: Operation,
    name: str,
    database: ConnectionParameters,
    ledger: ConnectionParameters | None = None,
    *,
    removing: bool = False,
) -> Iterator[Filler]:
    """As `open_filler`, once the indexes of that database are back which a run that was cut off had set
    aside; when rows are removed they come back after that, should one of the rows stand in their way."""
    parts = _parts_without(name)
    if not removing:
        _put_back(op, database, parts)
    with open_filler(database, ledger) as filler:
        yield filler
    if removing:
        _put_back(op, database, parts)


@operation("data.put_indexes_back", title="Put back indexes of {database}", target="{database}", attempts=3)
def put_indexes_back(op: Operation, database: str) -> None:
    """Put back what seedings that were cut off had set aside. Raises NotFound, ServerError."""
    _put_back(op, find_database(database), _parts_without(database))


def databases_without_indexes() -> tuple[str, ...]:
    """The databases of which some are away since a run was cut off: nobody is at work on them."""
    query = select(SeedRun.database).join(SeedPart, SeedPart.run_id == SeedRun.id)
    with transaction() as session:
        names = session.scalars(query.where(SeedPart.set_aside.is_not(None)).distinct()).all()
        held = {*session.scalars(select(TargetLock.target))}
    return tuple(name for name in names if fold(name) not in held)


def tables_to_spare(database: ConnectionParameters, coming: Mapping[str, int]) -> tuple[str, ...]:
    """Those of some empty tables whose indexes so many rows would set aside."""
    many = {table: rows for table, rows in coming.items() if rows >= MANY}
    if not many:
        return ()
    with open_index_keeper(database) as keeper:
        return tuple(table for table, rows in many.items() if keeper.find(table, rows))


def _set_aside(op: Operation, filler: Filler, part: int, table: str, rows: int) -> bool:
    """Drop them, the ledger first; False when there are none, or the table is not empty or in use."""
    with open_index_keeper(filler.database) as keeper, keeper.locked():
        found = keeper.find(table, rows)
        if not found or not filler.is_empty(table):
            return False
        _keep(part, [(index.name, index.definition) for index in found])
        failpoint("seeding.indexes_kept")
        if keeper.drop(found):
            failpoint("seeding.indexes_dropped")
            op.note(f"{plural(len(found), 'index')} of {table} set aside until its rows are there.")
            return True
        _keep(part, None)
        op.note(f"The indexes of {table} stay: another session uses it.")
        return False


def _try_to_put_back(op: Operation, database: ConnectionParameters, part: int) -> None:
    try:
        _put_back(op, database, [part])
    except AppError as error:
        op.note(
            f"Indexes that were set aside are not back yet: {error} The next seeding, or a worker, does it."
        )


def _put_back(op: Operation, database: ConnectionParameters, parts: Sequence[int]) -> None:
    """Make them again, then let the ledger say so. Nobody can cancel it."""
    if not parts:
        return
    with open_index_keeper(database) as keeper, keeper.locked():
        for part in parts:
            table, indexes = _read(part)
            if indexes:
                op.emit(PhaseStarted(f"Put back the indexes of {table}", len(indexes), "index"))
                made = _make(op, keeper, indexes)
                failpoint("seeding.indexes_made")
                _keep(part, None)
                op.note(f"{plural(made, 'index')} of {table} put back.")


def _make(op: Operation, keeper: IndexKeeper, indexes: Sequence[SpareIndex]) -> int:
    """How many are there now."""
    made = 0
    for index in indexes:
        if keeper.make(index):
            made += 1
        else:
            op.note(f"{index.name} is not made again: what it was on is gone.")
        failpoint("seeding.index_made")
    return made


def _keep(part: int, indexes: list[tuple[str, str]] | None) -> None:
    with transaction() as session:
        session.execute(update(SeedPart).where(SeedPart.id == part).values(set_aside=indexes))


def _read(part: int) -> tuple[str, tuple[SpareIndex, ...]]:
    with transaction() as session:
        row = session.get_one(SeedPart, part, populate_existing=True)
        return row.table_name, tuple(SpareIndex(*one) for one in row.set_aside or ())


def _parts_without(database: str) -> list[int]:
    query = select(SeedPart.id).join(SeedRun, SeedRun.id == SeedPart.run_id)
    with transaction() as session:
        mine = query.where(SeedRun.database == database, SeedPart.set_aside.is_not(None))
        return list(session.scalars(mine.order_by(SeedPart.id)))
