"""The users as a list of any length: filtered, searched, sorted by what an index sorts, and all of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement

from core.actor import Role
from database.listing import Page, Stretch, patient_transaction, read_all, read_page
from features.choices import check_choice
from features.user_rows import UserFacts, facts_of, user_query
from features.user_search import search_stretches, searches_within
from models import User
from models.user import TIERS

STATES = ("active", "inactive")
_COLUMNS = {
    "name": (User.name, User.id),
    "username": (User.username, None),
    "email": (User.email, None),
    "created": (User.created_at, User.id),
}
EXPORTED = (
    "id",
    "username",
    "name",
    "email",
    "role",
    "tier",
    "is_active",
    "has_password",
    "created_at",
    "updated_at",
    "last_sign_in",
)
SORTS = tuple(f"{sign}{name}" for name in _COLUMNS for sign in ("", "-"))


@dataclass(frozen=True)
class UserFilter:
    """Which users, in which order: "" asks for all. `search` is the beginning of a username, an email or a
    name, or with the index of `user_search` a part of one; `sort` may begin with "-" for the other way."""

    search: str = ""
    role: str = ""
    tier: str = ""
    state: str = ""
    sort: str = "name"


def list_users(wanted: UserFilter, at: datetime, cursor: str = "", limit: int = 50) -> Page[UserFacts]:
    """At most `limit` users, never more than 200. A search by beginnings gives usernames first, then emails,
    then names, each in its order. Needs an application context. Raises InvalidInput, TooBroad,
    ServerError."""
    query, stretches = user_query(at).where(*_conditions(wanted)), _stretches(wanted)
    with patient_transaction() as session:
        page = read_page(session, query, stretches, cursor, limit)
        return Page(tuple(facts_of(row) for row in page.rows), page.next_cursor)


def all_users(wanted: UserFilter, at: datetime) -> Iterator[UserFacts]:
    """Every user of that filter, for an export: who is online is left out. Needs an application context while
    it runs. Raises InvalidInput, TooBroad, ServerError."""
    query = user_query(at, with_presence=False).where(*_conditions(wanted))
    return read_all(query, _stretches(wanted), facts_of)


def is_sorted(wanted: UserFilter) -> bool:
    """False of a search whose results come in an order of their own."""
    return not wanted.search.strip() or searches_within(wanted.search)


def _stretches(wanted: UserFilter) -> tuple[Stretch, ...]:
    check_choice("order", wanted.sort, SORTS, optional=False)
    by, key = _COLUMNS[wanted.sort.removeprefix("-")]
    order = Stretch(by, key, wanted.sort.startswith("-"))
    return search_stretches(wanted.search, order) if wanted.search.strip() else (order,)


def _conditions(wanted: UserFilter) -> tuple[ColumnElement[bool], ...]:
    check_choice("role", wanted.role, tuple(Role))
    check_choice("tier", wanted.tier, TIERS)
    check_choice("state", wanted.state, STATES)
    found: list[ColumnElement[bool]] = []
    if wanted.role:
        found.append(User.role == wanted.role)
    if wanted.tier:
        found.append(User.subscription_tier == wanted.tier)
    if wanted.state:
        found.append(User.is_active.is_(wanted.state == "active"))
    return tuple(found)
