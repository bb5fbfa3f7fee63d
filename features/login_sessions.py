"""Browser sessions: opened, read on each request, ended. The browser holds a token, the row its SHA-256
(TRUST S1 to S4)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, or_, select, update

from core.actor import Role
from core.errors import NotAllowed, ServerError
from core.text import visible
from database.transactions import DatabaseSession, transaction
from features.sign_in_links import hash_token, new_token
from models import LoginSession, OnlineUser, User, UserLog

IDLE_LIMIT = timedelta(minutes=30)
LIFETIME = timedelta(hours=12)
_TOUCH_EVERY = timedelta(seconds=30)
_SWEEP = 100  # ended sessions that one sign-in clears away


@dataclass(frozen=True)
class Browser:
    """Where a request comes from, and what it says it is."""

    address: str
    user_agent: str = ""


@dataclass(frozen=True)
class ConsoleUser:
    """Who is signed in."""

    id: int
    username: str
    name: str
    email: str
    role: Role


@dataclass(frozen=True)
class SignedIn:
    """A session just opened. `token` is for the browser's cookie and nowhere else."""

    user: ConsoleUser
    token: str = field(repr=False)


def open_session(user_id: int, browser: Browser, at: datetime, replaces: str = "") -> SignedIn:
    """Open a session for a user who has proven to be that user; the session of the token `replaces` ends.
    Raises NotAllowed when the user is not active."""
    token = new_token()
    with transaction() as session:
        user = session.scalar(select(User).where(User.id == user_id, User.is_active.is_(True)))
        if user is None:
            raise NotAllowed("This user is not active.")
        end_sessions(session, LoginSession.token_hash == hash_token(replaces), at)
        _add_rows(session, user, token, browser, at)
        opened = SignedIn(_describe(user), token)
    with suppress(ServerError):  # what is not cleared away now is cleared away by the next
        clear_ended_sessions(at)
    return opened


def read_session(token: str, at: datetime) -> ConsoleUser | None:
    """Whoever holds `token`; None when the session was ended, was idle for 30 minutes, is 12 hours old, or
    the user is not active. Marks the session as seen, at most every 30 s."""
    with transaction() as session:
        query = select(LoginSession, User).join(User, User.id == LoginSession.user_id)
        row = session.execute(query.where(LoginSession.token_hash == hash_token(token))).one_or_none()
        if row is None:
            return None
        login, user = row
        if not user.is_active or login.expires_at <= at or login.last_seen <= at - IDLE_LIMIT:
            return None
        found, last_seen = _describe(user), login.last_seen
        login_id, online_id = login.id, login.online_user_id
    if at - last_seen >= _TOUCH_EVERY:
        _touch(login_id, online_id, at)
    return found


def close_session(token: str, at: datetime) -> None:
    """End the session of `token`, if there is one."""
    with transaction() as session:
        end_sessions(session, LoginSession.token_hash == hash_token(token), at)


def clear_ended_sessions(at: datetime) -> None:
    """Remove the rows of sessions whose time is over."""
    over = or_(LoginSession.expires_at <= at, LoginSession.last_seen <= at - IDLE_LIMIT)
    with transaction() as session:
        end_sessions(session, over, at)


def end_sessions(session: DatabaseSession, which: ColumnElement[bool], at: datetime) -> None:
    """End the sessions that `which` describes, at most 100, in the caller's transaction."""
    query = select(LoginSession, User.username).join(User, User.id == LoginSession.user_id)
    rows = session.execute(query.where(which).order_by(LoginSession.id).limit(_SWEEP)).all()
    for login, username in rows:
        removal = delete(LoginSession).where(LoginSession.id == login.id)
        removed = cast(CursorResult[Any], session.execute(removal, execution_options=_NO_SYNC)).rowcount
        if removed:  # else another request ended it first, and logged it
            session.execute(delete(OnlineUser).where(OnlineUser.id == login.online_user_id))
            session.add(_log_row("logout", login.user_id, username, _browser_of(login), at))


_NO_SYNC = {"synchronize_session": False}


def _add_rows(session: DatabaseSession, user: User, token: str, browser: Browser, at: datetime) -> None:
    seen = {
        "user_id": user.id,
        "last_seen": at,
        "ip_address": browser.address,
        "user_agent": visible(browser.user_agent)[:255],
    }
    online = OnlineUser(username=user.username, login_datetime=at, **seen)
    session.add(online)
    session.flush()
    session.add(
        LoginSession(
            token_hash=hash_token(token),
            online_user_id=online.id,
            created_at=at,
            proven_at=at,
            expires_at=at + LIFETIME,
            **seen,
        )
    )
    session.add(_log_row("login", user.id, user.username, browser, at))


def _log_row(action: str, user_id: int, username: str, browser: Browser, at: datetime) -> UserLog:
    return UserLog(
        user_id=user_id,
        username=username,
        action=action,
        timestamp=at,
        ip_address=browser.address,
        user_agent=visible(browser.user_agent)[:255],
    )


def _touch(login_id: int, online_id: int | None, at: datetime) -> None:
    # A busy database must not turn a reader away: the session is then marked by the next request.
    with suppress(ServerError), transaction() as session:
        session.execute(update(LoginSession).where(LoginSession.id == login_id).values(last_seen=at))
        session.execute(update(OnlineUser).where(OnlineUser.id == online_id).values(last_seen=at))


def _browser_of(login: LoginSession) -> Browser:
    return Browser(login.ip_address, login.user_agent)


def _describe(user: User) -> ConsoleUser:
    return ConsoleUser(user.id, user.username, user.name, user.email, Role(user.role))
