"""The rows of users, read into facts that hold no password."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, Select, and_, exists, or_, select

from core.actor import Role
from core.errors import NotFound
from core.naming import fold
from core.text import visible
from database.transactions import DatabaseSession, transaction
from features.login_sessions import IDLE_LIMIT
from models import LoginSession, User, UserLog

_LARGEST_ID = 2**63 - 1  # what the column holds


@dataclass(frozen=True)
class UserFacts:
    """What may be shown of a user. `has_password` is False until they have set one by their link;
    `last_sign_in` is None for who never came, or so long ago that the activity has forgotten it."""

    id: int
    username: str
    name: str
    email: str
    role: Role
    tier: str
    is_active: bool
    has_password: bool
    is_online: bool
    created_at: datetime
    updated_at: datetime
    last_sign_in: datetime | None


def user_query(at: datetime, *, with_presence: bool = True) -> Select[Any]:
    """Selects what `facts_of` reads; with_presence=False leaves out who is online, which all at once would
    cost too much."""
    columns = (User.id, User.username, User.name, User.email, User.role, User.subscription_tier)
    moments = (User.is_active, User.created_at, User.updated_at)
    presence = [_is_online(at).label("is_online")] if with_presence else []
    has_password = (User.password_hash != "").label("has_password")
    facts: tuple[Any, ...] = (
        *columns,
        *moments,
        has_password,
        _last_sign_in().label("last_sign_in"),
        *presence,
    )
    return select(*facts)


def facts_of(row: RowMapping) -> UserFacts:
    """What a row of `user_query` says."""
    return UserFacts(
        row["id"],
        row["username"],
        row["name"],
        row["email"],
        Role(row["role"]),
        row["subscription_tier"],
        bool(row["is_active"]),
        bool(row["has_password"]),
        bool(row.get("is_online", False)),
        row["created_at"],
        row["updated_at"],
        row["last_sign_in"],
    )


def read_user(username: str, at: datetime) -> UserFacts:
    """The user of that name. Needs an application context. Raises NotFound, ServerError."""
    wanted = fold(visible(username[:255]))
    return _read(User.username == wanted, wanted, at)


def read_user_by_id(id: int, at: datetime) -> UserFacts:
    """The user of that id. Needs an application context. Raises NotFound, ServerError."""
    if not 0 < id <= _LARGEST_ID:  # the driver's error, or another's on each kind of server
        raise no_user(str(id))
    return _read(User.id == id, str(id), at)


def admins_among(usernames: Collection[str]) -> tuple[str, ...]:
    """Those of the users that are admins, active or not. Needs an application context."""
    wanted = [fold(visible(username[:255])) for username in usernames]
    with transaction() as session:
        query = select(User.username).where(User.username.in_(wanted), User.role == "admin")
        return tuple(session.scalars(query))


def find_user(session: DatabaseSession, username: str) -> User:
    """The row of that name, active or not. Raises NotFound."""
    wanted = fold(visible(username[:255]))
    user = session.scalar(select(User).where(User.username == wanted))
    if user is None:
        raise no_user(wanted)
    return user


def no_user(wanted: str) -> NotFound:
    """The error for a user that there is not."""
    words = f'There is no user "{visible(wanted[:80])}".'
    return NotFound(words, hint="List them: python manage_db.py user list")


def _read(which: ColumnElement[bool], wanted: str, at: datetime) -> UserFacts:
    with transaction() as session:
        row = session.execute(user_query(at).where(which)).mappings().one_or_none()
        if row is None:
            raise no_user(wanted)
        return facts_of(row)


def is_open(at: datetime) -> ColumnElement[bool]:
    """True of the browser sessions that have not ended at that moment."""
    is_used = or_(LoginSession.stays.is_(True), LoginSession.last_seen > at - IDLE_LIMIT)
    return and_(LoginSession.expires_at > at, is_used)


def _is_online(at: datetime) -> ColumnElement[bool]:
    return exists().where(LoginSession.user_id == User.id, is_open(at), User.is_active.is_(True))


def _last_sign_in() -> Any:
    newest = select(UserLog.timestamp).where(UserLog.username == User.username, UserLog.action == "login")
    return newest.order_by(UserLog.timestamp.desc()).limit(1).correlate(User).scalar_subquery()
