"""Signing in by username or email and password, and giving the password once more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update

from core.errors import InvalidInput, TooBusy
from core.text import visible
from database.transactions import transaction
from features.login_sessions import Browser, SignedIn, open_session, renew_session
from features.passwords import hash_password, is_outdated, verify_password
from features.throttling import Door, account_key, begin_attempt, device_key, settle, withdraw
from models import User


class WrongPassword(InvalidInput):
    """Username or password is wrong."""

    code = "wrong_password"


@dataclass(frozen=True)
class _Account:
    """Whom a try is about; `user_id` is None for nobody. `key` is what its failures are counted by."""

    key: str
    user_id: int | None = None
    names: tuple[str, ...] = ()
    stored: str = ""


def sign_in(
    identifier: str, password: str, browser: Browser, at: datetime, replaces: str = "", stays: bool = False
) -> SignedIn:
    """Open a session for whoever has this username or email, and this password; the session of the token
    `replaces` ends, and one that `stays` has no idle limit. Raises WrongPassword, which does not say which
    of the two was wrong, after the same time in every case (TRUST A4), TooManyTries (A5), and TooBusy."""
    account = _find_account(identifier)
    user_id = _let_in(account, password, browser, at)
    if is_outdated(account.stored):
        _replace_hash(user_id, account.stored, hash_password(password))
    return open_session(user_id, browser, at, replaces, stays)


def prove(token: str, username: str, password: str, browser: Browser, at: datetime) -> SignedIn:
    """Let the user of the session of `token` prove who they are; the session gets a new token (TRUST S2,
    S5). Raises WrongPassword, TooManyTries, TooBusy, and NotAllowed when the session has ended."""
    try:
        _let_in(_find_account(username), password, browser, at)
    except WrongPassword as error:
        raise WrongPassword("The password is wrong.", hint=error.hint) from error
    return renew_session(token, at)


def _let_in(account: _Account, password: str, browser: Browser, at: datetime) -> int:
    """The user's id, when the password is theirs."""
    door = _door(account, browser)
    attempt = begin_attempt(door, at)
    try:
        is_right = verify_password(account.stored, password)
    except TooBusy:
        withdraw(attempt.id)
        raise
    if not is_right or account.user_id is None:
        raise WrongPassword(hint=attempt.warning)
    settle(attempt.id, {*account.names, door.key}, at)
    return account.user_id


def _door(account: _Account, browser: Browser) -> Door:
    device = browser.device
    if device and device.user_id == account.user_id:
        return Door(device_key(device.id), browser.address, known=True)
    return Door(account.key, browser.address)


def _find_account(identifier: str) -> _Account:
    # A username holds no @, so that nobody can take another's email as a name. Made visible first: some
    # servers refuse a NUL in a text.
    column = User.email if "@" in identifier else User.username
    found = _read_account(column == visible(identifier), identifier)
    return found or _Account(account_key(identifier, exists=False))


def _read_account(which: ColumnElement[bool], identifier: str) -> _Account | None:
    query = select(User.id, User.username, User.email, User.password_hash)
    with transaction() as session:
        row = session.execute(query.where(which, User.is_active.is_(True))).one_or_none()
    if row is None:
        return None
    key = account_key(identifier, exists=True)
    return _Account(key, row.id, (row.username, row.email), row.password_hash)


def _replace_hash(user_id: int, old: str, new: str) -> None:
    with transaction() as session:
        session.execute(
            update(User).where(User.id == user_id, User.password_hash == old).values(password_hash=new)
        )
