"""The backups of a month, day by day."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from sqlalchemy import func, select

from core.backup_levels import DAMAGED, Level
from core.errors import InvalidInput
from database.transactions import transaction
from features.backup_failures import failures_of
from features.backup_list import backups_of
from models import Backup
from models.types import utc_day

_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class CalendarDay:
    """One UTC day. Of its `count` backups `best` is the highest level that was seen, "damaged" when nothing
    better, "" without any, and `backup_id` the newest of that level; `failed` attempts made none."""

    day: date
    is_in_month: bool
    best: str
    backup_id: str
    count: int
    failed: int

    @property
    def more(self) -> int:
        """Backups beside that one."""
        return max(0, self.count - 1)


def calendar(database: str, year: int, month: int) -> tuple[CalendarDay, ...]:
    """The weeks, Monday to Sunday, that hold the month: 28, 35 or 42 days; of every database for "". Needs an
    application context. Raises InvalidInput for what is no month, ServerError."""
    days = _weeks_of(year, month)
    since, until = _midnight(days[0]), _midnight(days[-1] + timedelta(days=1))
    found = _found(database, since, until)
    failures = failures_of(database, since, until)
    return tuple(_day(day, day.month == month, found[day], failures.get(day, 0)) for day in days)


class _Found(NamedTuple):
    """The backups of one day that have one level."""

    level: str
    backups: int
    newest: str


def _found(database: str, since: datetime, until: datetime) -> dict[date, list[_Found]]:
    """All days at once, by the index on database and time."""
    day = utc_day(Backup.taken_at)
    query = (
        select(day, Backup.level, func.count(), func.max(Backup.id))
        .where(backups_of(database), Backup.taken_at >= since, Backup.taken_at < until)
        .group_by(day, Backup.level)
    )
    found: dict[date, list[_Found]] = defaultdict(list)
    with transaction() as session:
        for row in session.execute(query):
            found[row[0]].append(_Found(row[1], row[2], row[3]))
    return found


def _day(day: date, is_in_month: bool, found: list[_Found], failed: int) -> CalendarDay:
    best = max(found, key=lambda one: _rank(one.level), default=_Found("", 0, ""))
    return CalendarDay(day, is_in_month, best.level, best.newest, sum(one.backups for one in found), failed)


def _rank(level: str) -> int:
    return 0 if level == DAMAGED else Level(level).rank


def _weeks_of(year: int, month: int) -> list[date]:
    try:
        first = date(year, month, 1)
        monday = first - timedelta(days=first.weekday())
        following = (first.replace(day=28) + timedelta(days=4)).replace(day=1)
        weeks = -(-(following - monday) // _WEEK)
        return [monday + timedelta(days=ahead) for ahead in range(7 * weeks)]
    except (ValueError, OverflowError):
        raise InvalidInput("That is no month.", hint="Years from 1 to 9999, months from 1 to 12.") from None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
