"""Signing in by username or email and password, and giving the password once more."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select, update

from core.errors import InvalidInput
from core.text import visible
from database.transactions import transaction
from features.login_sessions import Browser, SignedIn, open_session, renew_session
from features.passwords import hash_password, is_outdated, verify_password
from models import User


class WrongPassword(InvalidInput):
    """Username or password is wrong."""

    code = "wrong_password"


def sign_in(identifier: str, password: str, browser: Browser, at: datetime, replaces: str = "") -> SignedIn:
    """Open a session for whoever has this username or email, and this password; the session of the token
    `replaces` ends. Raises WrongPassword, which does not say which of the two was wrong, after the same
    time in every case (TRUST A4), and TooBusy."""
    user_id, stored = _find_password(identifier)
    if not verify_password(stored, password) or user_id is None:
        raise WrongPassword()
    if is_outdated(stored):
        _replace_hash(user_id, stored, hash_password(password))
    return open_session(user_id, browser, at, replaces)


def prove(token: str, user_id: int, password: str, at: datetime) -> SignedIn:
    """Let the user of the session of `token` prove who they are; the session gets a new token (TRUST S2,
    S5). Raises WrongPassword, TooBusy, and NotAllowed when the session has ended."""
    with transaction() as session:
        stored = session.scalar(select(User.password_hash).where(User.id == user_id))
    if not verify_password(stored or "", password):
        raise WrongPassword("The password is wrong.")
    return renew_session(token, at)


def _find_password(identifier: str) -> tuple[int | None, str]:
    # A username holds no @, so that nobody can take another's email as a name. Made visible first: some
    # servers refuse a NUL in a text.
    column = User.email if "@" in identifier else User.username
    query = select(User.id, User.password_hash)
    with transaction() as session:
        row = session.execute(
            query.where(column == visible(identifier), User.is_active.is_(True))
        ).one_or_none()
    return (row.id, row.password_hash) if row else (None, "")


def _replace_hash(user_id: int, old: str, new: str) -> None:
    with transaction() as session:
        session.execute(
            update(User).where(User.id == user_id, User.password_hash == old).values(password_hash=new)
        )
