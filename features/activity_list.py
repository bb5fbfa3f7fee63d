"""The sign-ins and sign-outs as a list of any length: filtered, all of them, and the end of old ones."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, RowMapping, Select, delete, func, select

from core.errors import InvalidInput
from core.naming import fold
from core.text import visible
from database.listing import Page, Stretch, begins_with, patient_transaction, read_all, read_page
from database.transactions import transaction
from features.activity import SignInDay
from features.choices import check_choice
from models import UserLog
from models.types import utc_day

ACTIONS = ("login", "logout")
EXPORTED = ("id", "at", "username", "action", "address", "user_agent")
_STEP = 500  # rows that one transaction deletes
_REST = 0.05  # seconds between two steps, for others
_NEWEST_FIRST = (Stretch(UserLog.timestamp, UserLog.id, descending=True),)


@dataclass(frozen=True)
class Activity:
    """Somebody came or went. `username` stays when the user goes."""

    id: int
    at: datetime
    username: str
    action: str
    address: str
    user_agent: str


@dataclass(frozen=True)
class ActivityFilter:
    """Which: of that user, of that action, from the addresses that begin so, from `since` to before
    `until`."""

    user: str = ""
    action: str = ""
    address: str = ""
    since: datetime | None = None
    until: datetime | None = None


def list_activity(wanted: ActivityFilter, cursor: str = "", limit: int = 50) -> Page[Activity]:
    """At most `limit` of them, never more than 200, the newest first. Needs an application context. Raises
    InvalidInput, TooBroad, ServerError."""
    query = _query(wanted)
    with patient_transaction() as session:
        page = read_page(session, query, _NEWEST_FIRST, cursor, limit)
        return Page(tuple(_facts(row) for row in page.rows), page.next_cursor)


def all_activity(wanted: ActivityFilter) -> Iterator[Activity]:
    """Every one of that filter, for an export. Needs an application context while it runs. Raises
    InvalidInput, TooBroad, ServerError."""
    return read_all(_query(wanted), _NEWEST_FIRST, _facts)


def activity_by_day(wanted: ActivityFilter, at: datetime, days: int = 30) -> tuple[SignInDay, ...]:
    """The sign-ins of that filter on each of the last UTC days, the days without any too. Raises TooBroad
    where they are too many to count, ServerError."""
    at = at.astimezone(UTC)
    today = at.date()
    first = today - timedelta(days=days - 1)
    day = utc_day(UserLog.timestamp)
    began = at.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=days - 1)
    conditions = (*_conditions(wanted), UserLog.timestamp >= began, UserLog.action == "login")
    with patient_transaction() as session:
        rows = session.execute(select(day, func.count()).where(*conditions).group_by(day)).all()
    counted = {row[0]: row[1] for row in rows}
    every = [first + timedelta(days=ahead) for ahead in range(days)]
    return tuple(SignInDay(one, counted.get(one, 0), 0) for one in every)


def forget_old_activity(before: datetime) -> int:
    """Delete what is older, in small steps so that nobody waits for a lock; gives how many rows. It may be
    cut off anywhere, and done by several at once. Needs an application context. Raises ServerError."""
    forgotten = 0
    while some := _forget_some(before):
        forgotten += some
        time.sleep(_REST)
    return forgotten


def _forget_some(before: datetime) -> int:
    oldest = select(UserLog.id).where(UserLog.timestamp < before).order_by(UserLog.timestamp).limit(_STEP)
    with transaction() as session:
        ids = session.scalars(oldest).all()
        gone = session.execute(
            delete(UserLog).where(UserLog.id.in_(ids)), execution_options={"synchronize_session": False}
        )
        return cast(CursorResult[Any], gone).rowcount if ids else 0


def _query(wanted: ActivityFilter) -> Select[Any]:
    facts: tuple[Any, ...] = (
        UserLog.id,
        UserLog.timestamp,
        UserLog.username,
        UserLog.action,
        UserLog.ip_address,
        UserLog.user_agent,
    )
    return select(*facts).where(*_conditions(wanted))


def _conditions(wanted: ActivityFilter) -> list[ColumnElement[bool]]:
    check_choice("action", wanted.action, ACTIONS)
    if wanted.since and wanted.until and wanted.since >= wanted.until:
        raise InvalidInput("The time ends before it begins.")
    found: list[ColumnElement[bool]] = []
    if wanted.user:
        found.append(UserLog.username == fold(visible(wanted.user)))
    if wanted.action:
        found.append(UserLog.action == wanted.action)
    if wanted.address:
        found.append(begins_with(UserLog.ip_address, visible(wanted.address)))
    if wanted.since:
        found.append(UserLog.timestamp >= wanted.since)
    if wanted.until:
        found.append(UserLog.timestamp < wanted.until)
    return found


def _facts(row: RowMapping) -> Activity:
    return Activity(*row.values())
