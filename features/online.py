"""Who is signed in: each browser's session, from where and since when; and its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, select

from core.actor import Role
from core.clock import utc_now
from core.errors import NotFound
from core.naming import fold
from core.progress import Operation, operation
from core.text import visible
from database.listing import Page, Stretch, begins_with, patient_transaction, read_page
from database.transactions import transaction
from features.login_sessions import end_sessions
from features.user_rows import is_open
from models import LoginSession, OnlineUser, User


@dataclass(frozen=True)
class OnlineSession:
    """One browser that is signed in. It is seen at most every 30 s."""

    id: int
    user_id: int
    username: str
    name: str
    role: Role
    address: str
    user_agent: str
    signed_in_at: datetime
    last_seen: datetime
    expires_at: datetime


@dataclass(frozen=True)
class OnlineFilter:
    """Which sessions: of the users whose names begin so, from the addresses that begin so; "" for all."""

    user: str = ""
    address: str = ""


def list_online(wanted: OnlineFilter, at: datetime, cursor: str = "", limit: int = 50) -> Page[OnlineSession]:
    """At most `limit` sessions, never more than 200, the newest sign-in first. Needs an application context.
    Raises InvalidInput, TooBroad, ServerError."""
    newest_first = (Stretch(OnlineUser.id, descending=True),)
    query = _query().where(is_open(at), User.is_active.is_(True), *_conditions(wanted))
    with patient_transaction() as session:
        page = read_page(session, query, newest_first, cursor, limit)
        return Page(tuple(_facts(row) for row in page.rows), page.next_cursor)


def read_online(id: int, at: datetime) -> OnlineSession:
    """The session of that id. Raises NotFound when it has ended, ServerError."""
    with transaction() as session:
        row = session.execute(_query().where(OnlineUser.id == id, is_open(at))).mappings().one_or_none()
    if row is None:
        raise NotFound("There is no such session, or it has ended.")
    return _facts(row)


@operation("session.end", title="End a session of {username}", target="session {id}")
def end_session(op: Operation, id: int, username: str) -> None:
    """Sign `username` out in one browser. Raises NotFound when another was faster."""
    read_online(id, utc_now())
    with transaction() as session:
        end_sessions(session, LoginSession.online_user_id == id, utc_now())
    op.note("It was ended.")


def _query() -> Select[Any]:
    facts: tuple[Any, ...] = (
        OnlineUser.id,
        OnlineUser.user_id,
        OnlineUser.username,
        User.name,
        User.role,
        OnlineUser.ip_address,
        OnlineUser.user_agent,
        OnlineUser.login_datetime,
        OnlineUser.last_seen,
        LoginSession.expires_at,
    )
    joined = select(*facts).join(LoginSession, LoginSession.online_user_id == OnlineUser.id)
    return joined.join(User, User.id == OnlineUser.user_id)


def _conditions(wanted: OnlineFilter) -> list[ColumnElement[bool]]:
    found = []
    if wanted.user:
        found.append(begins_with(OnlineUser.username, fold(visible(wanted.user))))
    if wanted.address:
        found.append(OnlineUser.ip_address.startswith(visible(wanted.address), autoescape=True))
    return found


def _facts(row: RowMapping) -> OnlineSession:
    values: list[Any] = list(row.values())
    values[4] = Role(values[4])
    return OnlineSession(*values)
