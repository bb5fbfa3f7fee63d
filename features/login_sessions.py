"""Browser sessions: opened, read on each request, proven anew, ended. The browser holds a token, the row its
SHA-256 (TRUST S1 to S5)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import (
    ColumnElement,
    CursorResult,
    Delete,
    Select,
    Update,
    and_,
    delete,
    or_,
    select,
    update,
)

from core.actor import Role
from core.errors import NotAllowed, ServerError
from core.text import visible
from database.transactions import DatabaseSession, transaction
from features.sign_in_links import hash_token, new_token
from models import LoginSession, OnlineUser, User, UserLog

IDLE_LIMIT = timedelta(minutes=30)
LIFETIME = timedelta(hours=12)
PROOF_LIFETIME = timedelta(minutes=5)
_TOUCH_EVERY = timedelta(seconds=30)
_STEP = 100  # sessions ended by one look; a sign-in clears so many away


@dataclass(frozen=True)
class Device:
    """A browser from which a user has signed in before, as its cookie proves."""

    user_id: int
    id: str


@dataclass(frozen=True)
class Browser:
    """Where a request comes from, what it says it is, and what it has proven to be."""

    address: str
    user_agent: str = ""
    device: Device | None = None


@dataclass(frozen=True)
class ConsoleUser:
    """Who is signed in, and when they last gave their password."""

    id: int
    username: str
    name: str
    email: str
    role: Role
    proven_at: datetime

    def proved_lately(self, at: datetime) -> bool:
        """True for five minutes after the password was given (TRUST S5)."""
        return at - self.proven_at < PROOF_LIFETIME


@dataclass(frozen=True)
class SignedIn:
    """A session just opened or proven. `token` is for the browser's cookie and nowhere else; the cookie
    outlives the browser's window only when the session `stays`."""

    user: ConsoleUser
    token: str = field(repr=False)
    expires_at: datetime
    stays: bool


def open_session(
    user_id: int, browser: Browser, at: datetime, replaces: str = "", stays: bool = False
) -> SignedIn:
    """Open a session for a user who has proven to be that user; the session of the token `replaces` ends.
    One that `stays` has no idle limit. Raises NotAllowed when the user is not active."""
    token = new_token()
    with transaction() as session:
        user = session.scalar(select(User).where(User.id == user_id, User.is_active.is_(True)))
        if user is None:
            raise NotAllowed("This user is not active.")
        end_sessions(session, LoginSession.token_hash == hash_token(replaces), at)
        _add_rows(session, user, token, browser, at, stays)
        opened = SignedIn(_describe(user, at), token, at + LIFETIME, stays)
    with suppress(ServerError):  # what is not cleared away now is cleared away by the next
        _clear_some(at)
    return opened


def read_session(token: str, at: datetime, touch: bool = True) -> ConsoleUser | None:
    """Whoever holds `token`; None when the session was ended, was idle for 30 minutes, is 12 hours old, or
    the user is not active. Marks the session as seen when the caller may `touch` it, at most every 30 s."""
    with transaction() as session:
        row = session.execute(_with_user(LoginSession.token_hash == hash_token(token))).one_or_none()
        if row is None or _is_over(row[0], row[1], at):
            return None
        login, user = row
        found, is_due = _describe(user, login.proven_at), at - login.last_seen >= _TOUCH_EVERY
        login_id, online_id = login.id, login.online_user_id
    if touch and is_due:
        _touch(login_id, online_id, at)
    return found


def renew_session(token: str, at: datetime) -> SignedIn:
    """Give the session a new token, for its user has just given the password again; the old token is dead
    (TRUST S2). It ends when it would have ended. Raises NotAllowed when it is over, or when another request
    has just renewed it."""
    fresh = new_token()
    with transaction() as session:
        row = session.execute(_with_user(LoginSession.token_hash == hash_token(token))).one_or_none()
        values = {"token_hash": hash_token(fresh), "proven_at": at, "last_seen": at}
        mine = update(LoginSession).where(LoginSession.token_hash == hash_token(token)).values(**values)
        if row is None or _is_over(row[0], row[1], at) or not _count(session, mine):
            raise NotAllowed("This session has ended.", hint="Sign in again.")
        login, user = row
        return SignedIn(_describe(user, at), fresh, login.expires_at, login.stays)


def close_session(token: str, at: datetime) -> None:
    """End the session of `token`, if there is one."""
    with transaction() as session:
        end_sessions(session, LoginSession.token_hash == hash_token(token), at)


def close_all_sessions(user_id: int, at: datetime) -> None:
    """End every session of a user, in whichever browser it is (TRUST S3)."""
    with transaction() as session:
        end_sessions(session, LoginSession.user_id == user_id, at)


def clear_ended_sessions(at: datetime) -> int:
    """Remove the rows of sessions whose time is over or whose user is not active any more, a hundred in a
    transaction; gives how many."""
    cleared = 0
    while some := _clear_some(at):
        cleared += some
    return cleared


def end_sessions(session: DatabaseSession, which: ColumnElement[bool], at: datetime) -> None:
    """End the sessions that `which` describes, in the caller's transaction."""
    while _end_some(session, which, at) == _STEP:
        pass


def _clear_some(at: datetime) -> int:
    idle = and_(LoginSession.last_seen <= at - IDLE_LIMIT, LoginSession.stays.is_(False))
    with transaction() as session:
        return _end_some(session, or_(LoginSession.expires_at <= at, idle, User.is_active.is_(False)), at)


def _end_some(session: DatabaseSession, which: ColumnElement[bool], at: datetime) -> int:
    """End the first of the sessions that `which` describes; gives how many there were to end."""
    rows = session.execute(_with_user(which).order_by(LoginSession.id).limit(_STEP)).all()
    for login, user in rows:
        if _count(session, delete(LoginSession).where(LoginSession.id == login.id)):
            session.execute(delete(OnlineUser).where(OnlineUser.id == login.online_user_id))
            session.add(_log_row("logout", user.id, user.username, _browser_of(login), at))
        # else another request ended it first, and logged it
    return len(rows)


def _with_user(which: ColumnElement[bool]) -> Select[LoginSession, User]:
    return select(LoginSession, User).join(User, User.id == LoginSession.user_id).where(which)


def _is_over(login: LoginSession, user: User, at: datetime) -> bool:
    is_idle = not login.stays and login.last_seen <= at - IDLE_LIMIT
    return is_idle or login.expires_at <= at or not user.is_active


def _count(session: DatabaseSession, statement: Delete | Update) -> int:
    """Run the statement; gives how many rows it met."""
    return cast(CursorResult[Any], session.execute(statement, execution_options=_NO_SYNC)).rowcount


_NO_SYNC = {"synchronize_session": False}


def _add_rows(
    session: DatabaseSession, user: User, token: str, browser: Browser, at: datetime, stays: bool
) -> None:
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
            stays=stays,
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
    due = (LoginSession.id == login_id, LoginSession.last_seen <= at - _TOUCH_EVERY)
    with suppress(ServerError), transaction() as session:
        if _count(session, update(LoginSession).where(*due).values(last_seen=at)):  # else another was first
            session.execute(update(OnlineUser).where(OnlineUser.id == online_id).values(last_seen=at))


def _browser_of(login: LoginSession) -> Browser:
    return Browser(login.ip_address, login.user_agent)


def _describe(user: User, proven_at: datetime) -> ConsoleUser:
    return ConsoleUser(user.id, user.username, user.name, user.email, Role(user.role), proven_at)
