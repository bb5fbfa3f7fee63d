"""The sizes of databases over time: sampled once an hour, kept thinner the older they are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, ScalarSelect, Select, delete, func, or_, select

from core.clock import utc_now
from core.errors import TargetBusy
from core.settings import Settings
from database.adapters import closing_connection
from database.transactions import transaction
from models import RegisteredDatabase, SizeSample
from models.types import utc_day

EVERY = timedelta(hours=1)
WHOLE = timedelta(days=30)  # all samples are kept for so long, then one a day
LIMIT = timedelta(days=2 * 365)
STEP = 500  # rows that one transaction deletes, so that it holds no lock for long
POINTS = 240  # more of them no plot of ours can show

_LOCK = "basekeeper-sampling"
_EARLY = timedelta(minutes=5)  # a chore that comes round a little early is not turned away for an hour
_PATIENCE = 30.0  # seconds; nobody waits for a chore


@dataclass(frozen=True)
class SizePoint:
    """The size of a database at a moment, in bytes."""

    taken_at: datetime
    size: int


def sample_sizes(settings: Settings) -> int:
    """Keep the size of the console's own database and of each registered one whose last check is fresh, where
    the newest sample is an hour old; thin out and remove the old ones. Gives how many samples were taken,
    however many workers come at once. Needs an application context. Raises ConnectionFailed, ServerError."""
    with closing_connection(settings.database, _PATIENCE) as (adapter, connection):
        adapter.answer_patience(connection, _PATIENCE)
        try:
            # Reading the newest sample and adding one are two statements: the lock makes them one.
            with adapter.native_lock(connection, _LOCK, 0):
                return _keep(adapter.database_size(connection), utc_now())
        except TargetBusy:
            return 0  # another worker is at it


def size_history(
    days: int, at: datetime | None = None, database_id: str | None = None
) -> tuple[SizePoint, ...]:
    """The sizes of the console's own database, or of the registered one of that id, over the last `days`,
    oldest first; at most POINTS of them, the newest among them. Needs an application context. Raises
    ServerError."""
    since = (at or utc_now()) - timedelta(days=days)
    query = (
        select(SizeSample.taken_at, SizeSample.size)
        .where(_of(database_id), SizeSample.taken_at >= since)
        .order_by(SizeSample.taken_at.desc())
    )
    with transaction() as session:
        newest_first = [SizePoint(*row) for row in session.execute(query)]
    stride = max(1, -(-len(newest_first) // POINTS))
    return tuple(reversed(newest_first[::stride]))


def _keep(own_size: int, at: datetime) -> int:
    taken = 0
    for database_id, size in _sizes(own_size, at):
        taken += _add_sample(database_id, size, at)
        _delete_in_steps(_outdated(database_id, at))
    return taken


def _sizes(own_size: int, at: datetime) -> Iterator[tuple[str | None, int]]:
    """The databases whose size is known now; None stands for the console's own."""
    yield None, own_size
    fresh = RegisteredDatabase.checked_at > at - EVERY
    query = select(RegisteredDatabase.id, RegisteredDatabase.size).where(
        fresh, RegisteredDatabase.size.is_not(None)
    )
    with transaction() as session:
        found = [(row.id, row.size) for row in session.execute(query)]
    yield from found


def _add_sample(database_id: str | None, size: int, at: datetime) -> bool:
    newest = select(func.max(SizeSample.taken_at)).where(_of(database_id))
    with transaction() as session:
        last = session.scalar(newest)
        if last is not None and last > at - EVERY + _EARLY:
            return False
        session.add(SizeSample(database_id=database_id, taken_at=at, size=size))
    return True


def _outdated(database_id: str | None, at: datetime) -> Select[int]:
    """The samples to give up: those past the limit, and of each older day all but its last."""
    thin = (_of(database_id), SizeSample.taken_at < at - WHOLE)
    return (
        select(SizeSample.id)
        .where(*thin, or_(SizeSample.taken_at < at - LIMIT, SizeSample.id.not_in(_last_of_days(*thin))))
        .order_by(SizeSample.taken_at)
        .limit(STEP)
    )


def _last_of_days(*which: ColumnElement[bool]) -> ScalarSelect[int]:
    return (
        select(func.max(SizeSample.id)).where(*which).group_by(utc_day(SizeSample.taken_at)).scalar_subquery()
    )


def _delete_in_steps(outdated: Select[int]) -> None:
    step = STEP
    while step == STEP:
        with transaction() as session:
            ids = session.scalars(outdated).all()
            session.execute(delete(SizeSample).where(SizeSample.id.in_(ids)))
        step = len(ids)


def _of(database_id: str | None) -> ColumnElement[bool]:
    return SizeSample.database_id == database_id  # written as IS NULL for the console's own
