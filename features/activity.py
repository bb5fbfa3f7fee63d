"""What people do at the console: who is online now, and the sign-ins of each day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from sqlalchemy import ColumnElement, Select, and_, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from core.actor import Role
from database.transactions import transaction
from features.login_sessions import IDLE_LIMIT
from models import LoginSession, OnlineUser, SignInFailure, User, UserLog
from models.types import utc_day

DAYS = 30


@dataclass(frozen=True)
class SignInDay:
    """The sign-ins of one UTC day."""

    day: date
    succeeded: int
    failed: int


@dataclass(frozen=True)
class OnlinePerson:
    """Somebody signed in, as their newest browser was last seen."""

    name: str
    role: Role
    address: str
    last_seen: datetime


@dataclass(frozen=True)
class OnlineNow:
    """The `people` seen last, newest first, and the `count` of all who are signed in."""

    people: tuple[OnlinePerson, ...]
    count: int


class SignInHistory:
    """Remembers the days that are over, so that only today is counted again. A day costs one range of the
    indexes on the times: about a second for each million sign-ins. Each day is kept as soon as it is counted,
    so that a count that was given up goes on where it was."""

    def __init__(self) -> None:
        self._over: dict[date, SignInDay] = {}

    def read(self, today: date, days: int = DAYS) -> tuple[SignInDay, ...]:
        """The last `days` UTC days, oldest first, each with its sign-ins. Raises ServerError."""
        wanted = [today - timedelta(days=ago) for ago in reversed(range(days))]
        self._over = {day: found for day, found in self._over.items() if wanted[0] <= day < today}
        for day in wanted[:-1]:
            if day not in self._over:
                [self._over[day]] = sign_ins_by_day(day, day)
        return (*(self._over[day] for day in wanted[:-1]), *sign_ins_by_day(today, today))


def sign_ins_by_day(first: date, last: date) -> tuple[SignInDay, ...]:
    """The sign-ins of each UTC day from `first` to `last`. Needs an application context. Raises
    ServerError."""
    succeeded = _count_by_day(UserLog.timestamp, first, last, UserLog.action == "login")
    failed = _count_by_day(SignInFailure.at, first, last)
    days = [first + timedelta(days=ahead) for ahead in range((last - first).days + 1)]
    return tuple(SignInDay(day, succeeded.get(day, 0), failed.get(day, 0)) for day in days)


def online_users(limit: int, at: datetime) -> OnlineNow:
    """Who is signed in at the moment `at`, each person once. Needs an application context. Raises
    ServerError."""
    newest = _open_sessions(at).subquery("newest")
    facts = (newest.c.name, newest.c.role, newest.c.ip_address, newest.c.last_seen)
    query = (
        select(*facts, func.count().over().label("count"))
        .where(newest.c.place == 1)
        .order_by(newest.c.last_seen.desc())
        .limit(limit)
    )
    with transaction() as session:
        rows = session.execute(query).all()
    people = tuple(OnlinePerson(row.name, Role(row.role), row.ip_address, row.last_seen) for row in rows)
    return OnlineNow(people, rows[0]._mapping["count"] if rows else 0)


def online_count(at: datetime) -> int:
    """How many users are signed in at the moment `at`. Needs an application context. Raises ServerError."""
    query = select(func.count(LoginSession.user_id.distinct())).where(_is_open(at))
    with transaction() as session:
        return session.scalar(query) or 0


def _open_sessions(at: datetime) -> Select[tuple[str, str, str, datetime, int]]:
    """The sessions that have not ended, numbered from the newest of each user."""
    place = func.row_number().over(
        partition_by=OnlineUser.user_id, order_by=(OnlineUser.last_seen.desc(), OnlineUser.id.desc())
    )
    return (
        select(User.name, User.role, OnlineUser.ip_address, OnlineUser.last_seen, place.label("place"))
        .join(LoginSession, LoginSession.online_user_id == OnlineUser.id)
        .join(User, User.id == OnlineUser.user_id)
        .where(
            User.is_active.is_(True),
            _is_open(at),
        )
    )


def _is_open(at: datetime) -> ColumnElement[bool]:
    is_used = or_(LoginSession.stays.is_(True), LoginSession.last_seen > at - IDLE_LIMIT)
    return and_(LoginSession.expires_at > at, is_used)


def _count_by_day(
    moment: InstrumentedAttribute[datetime], first: date, last: date, *which: ColumnElement[bool]
) -> dict[date, int]:
    day = utc_day(moment)
    query = (
        select(day, func.count())
        .where(moment >= _midnight(first), moment < _midnight(last + timedelta(days=1)), *which)
        .group_by(day)
    )
    with transaction() as session:
        return {row[0]: row[1] for row in session.execute(query)}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)
