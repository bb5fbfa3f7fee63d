"""Links that work once: made where the machine vouches for whoever reads them, and used up by the form they
open. Only the SHA-256 of a token is kept (TRUST A1)."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, delete, select, update

from core.errors import NotFound
from database.transactions import DatabaseSession, transaction
from models import SignInLink, User

LINK_LIFETIME = timedelta(minutes=30)


class Purpose(StrEnum):
    """What a link is for."""

    FIRST_ADMIN = "first_admin"
    PASSWORD = "password"


class LinkUseless(NotFound):
    """This link does not work. It was used, has ended, or was never made."""

    code = "link_useless"
    hint = (
        "Ask an admin for another. An admin, on the server: python manage_db.py create-admin USERNAME EMAIL"
    )


@dataclass(frozen=True)
class Link:
    """A link that still works, and whose it is; those words are empty for the first admin's."""

    purpose: Purpose
    expires_at: datetime
    username: str
    email: str = ""
    name: str = ""


def hash_token(token: str) -> str:
    """What is stored of a token: with 256 random bits in it, one plain hash is enough."""
    return hashlib.sha256(token.encode(errors="replace")).hexdigest()


def new_token() -> str:
    """256 random bits, fit for a URL and a cookie."""
    return secrets.token_urlsafe(32)


def read_link(token: str, purpose: Purpose, at: datetime) -> Link:
    """The link behind `token`, left as it is, so that a program that looks into links burns none. Raises
    LinkUseless."""
    with transaction() as session:
        row = session.execute(
            select(SignInLink.expires_at, User.username, User.email, User.name)
            .outerjoin(User, User.id == SignInLink.user_id)
            .where(*_working(token, purpose, at))
        ).one_or_none()
        if row is None or (purpose is Purpose.FIRST_ADMIN and active_admin_exists(session)):
            raise LinkUseless()
        return Link(purpose, row.expires_at, row.username or "", row.email or "", row.name or "")


def add_link(
    session: DatabaseSession, purpose: Purpose, issuer: str, at: datetime, user_id: int | None = None
) -> str:
    """Make a link in the caller's transaction and give its token."""
    token = new_token()
    session.add(
        SignInLink(
            token_hash=hash_token(token),
            purpose=purpose,
            user_id=user_id,
            issuer=issuer,
            created_at=at,
            expires_at=at + LINK_LIFETIME,
        )
    )
    return token


def end_links(session: DatabaseSession, which: ColumnElement[bool]) -> None:
    """End the links that `which` describes and nobody has used, in the caller's transaction."""
    session.execute(delete(SignInLink).where(which, SignInLink.used_at.is_(None)))


def link_works(session: DatabaseSession, issuer: str, at: datetime) -> bool:
    """True when `issuer` has made a link that can still be used."""
    works = (SignInLink.issuer == issuer, SignInLink.used_at.is_(None), SignInLink.expires_at > at)
    return session.scalar(select(SignInLink.id).where(*works).limit(1)) is not None


def use_up(session: DatabaseSession, token: str, purpose: Purpose, at: datetime) -> int | None:
    """Use the link up in the caller's transaction, of which only one can win, and give its user's id.
    Raises LinkUseless."""
    claim = update(SignInLink).where(*_working(token, purpose, at)).values(used_at=at)
    if cast(CursorResult[Any], session.execute(claim)).rowcount != 1:
        raise LinkUseless()
    return session.scalar(select(SignInLink.user_id).where(SignInLink.token_hash == hash_token(token)))


def active_admin_exists(session: DatabaseSession) -> bool:
    """True when somebody can administer the console already."""
    query = select(User.id).where(User.role == "admin", User.is_active.is_(True)).limit(1)
    return session.scalar(query) is not None


def _working(token: str, purpose: Purpose, at: datetime) -> tuple[Any, ...]:
    return (
        SignInLink.token_hash == hash_token(token),
        SignInLink.purpose == purpose,
        SignInLink.used_at.is_(None),
        SignInLink.expires_at > at,
    )
