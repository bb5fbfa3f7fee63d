"""The list of users on every dialect: pages that follow each other, orders, filters, searches, exports."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import insert

from core.clock import utc_now
from core.errors import InvalidInput, TooBroad
from core.exports import export
from core.settings import Settings
from database.context import application_context
from database.cursors import write_cursor
from database.listing import patient_transaction
from features.login_sessions import Browser, open_session
from features.user_list import EXPORTED, SORTS, UserFilter, all_users, list_users
from features.user_rows import read_user
from models import User, db

NOW = utc_now()
NAMES = ("Zoë Ångström", "zoe", "Émile", "Ada", "Ada", "Ada", "=1+1", "Rahel", "ra", "ʻOkina", "𝒳ena", "a_b%")


@pytest.fixture
def people(settings: Settings) -> Iterator[list[str]]:
    """Twelve people, three of the same name; every third is inactive."""
    with application_context(settings):
        rows = [
            {
                "username": f"user{number:02d}" if number % 2 else f"ra-{number:02d}",
                "email": f"{name_of(number)}@example.com",
                "name": name,
                "role": "operator" if number % 4 == 0 else "viewer",
                "is_active": number % 3 != 0,
                "created_at": NOW,
                "updated_at": NOW,
            }
            for number, name in enumerate(NAMES)
        ]
        db.session.execute(insert(User), rows)
        db.session.commit()
        yield [str(row["username"]) for row in rows]


def name_of(number: int) -> str:
    return "ra.x" if number == 3 else f"mail{number}"


def walk(wanted: UserFilter, limit: int = 3) -> list[str]:
    """The usernames of all pages, of which none but the last is short."""
    found: list[str] = []
    cursor = ""
    while True:
        page = list_users(wanted, NOW, cursor, limit)
        found += [one.username for one in page.rows]
        cursor = page.next_cursor
        if not cursor:
            return found
        assert len(page.rows) == limit


@pytest.mark.every_server
def test_the_list_of_users(people: list[str]) -> None:
    _pages_orders_filters_and_searches(people)
    _what_is_wrong_is_refused(people)
    _who_is_online_and_came_when()
    _a_page_that_takes_too_long_says_to_narrow_the_search()
    _exports_hold_no_formula()


def _pages_orders_filters_and_searches(people: list[str]) -> None:
    for sort in SORTS:  # ties by name and by moment too
        found = walk(UserFilter(sort=sort))
        assert sorted(found) == sorted(people), sort
        assert found == [one.username for one in all_users(UserFilter(sort=sort), NOW)]
        if sort in ("username", "-username"):
            assert found == sorted(people, reverse=sort[0] == "-")
    assert [one.name for one in all_users(UserFilter(), NOW)] == sorted(NAMES)  # by code point everywhere
    assert len(walk(UserFilter(role="operator"))) == 3
    assert len(walk(UserFilter(state="inactive", role="viewer"))) == 3
    assert walk(UserFilter(tier="team")) == []
    # Usernames first, then the email, then the names as typed and with a capital; each person once.
    usernames = [f"ra-{number:02d}" for number in range(0, 12, 2)]
    assert walk(UserFilter(search="RA"), 2) == walk(UserFilter(search="ra"), 2)
    assert walk(UserFilter(search="ra"), 2) == [*usernames, "user03", "user07"]
    assert walk(UserFilter(search="Zoë")) == ["ra-00"]
    assert walk(UserFilter(search="a_b%")) == ["user11"] and walk(UserFilter(search="%")) == []
    assert walk(UserFilter(search="\0'; --")) == [] and walk(UserFilter(search="\U0010ffff")) == []


def _what_is_wrong_is_refused(people: list[str]) -> None:
    good = list_users(UserFilter(), NOW, limit=2).next_cursor
    for cursor in (
        "x",
        "!!!",
        good[:-3],
        write_cursor(1, ["a", 1]),
        write_cursor(0, ["a\0", 1]),
        "ABA" * 2000,
    ):
        with pytest.raises(InvalidInput, match="no place in this list"):
            list_users(UserFilter(), NOW, cursor)
    with pytest.raises(InvalidInput, match="no place in this list"):
        list_users(UserFilter(sort="created"), NOW, good)  # a cursor of another order
    for wanted in (UserFilter(sort="password_hash"), UserFilter(role="root"), UserFilter(state="x")):
        with pytest.raises(InvalidInput):
            list_users(wanted, NOW)
    assert len(list_users(UserFilter(), NOW, limit=10**9).rows) == len(people)


def _who_is_online_and_came_when() -> None:
    user = read_user("USER01", NOW)
    assert not user.is_online and user.last_sign_in is None and not user.has_password
    open_session(user.id, Browser("192.0.2.1"), NOW)
    seen = read_user("user01", NOW)
    assert seen.is_online and seen.last_sign_in == NOW


def _a_page_that_takes_too_long_says_to_narrow_the_search() -> None:
    endless = "SELECT count(*) FROM " + ", ".join(f'"user" AS u{number}' for number in range(14))
    quote = db.engine.dialect.identifier_preparer.initial_quote
    with pytest.raises(TooBroad), patient_transaction(0.2) as session:
        session.connection().exec_driver_sql(endless.replace('"', quote))
    with patient_transaction(0.2) as session:  # the connection goes on without the limit of before
        assert session.connection().exec_driver_sql("SELECT 1").scalar() == 1


def _exports_hold_no_formula() -> None:
    text = "".join(export("csv", all_users(UserFilter(), NOW), EXPORTED))
    assert ",'=1+1," in text and len(text.splitlines()) == len(NAMES) + 1
    text = "".join(export("json", all_users(UserFilter(), NOW), EXPORTED))
    assert text.isascii() and '"name": "=1+1"' in text
    assert "".join(export("json", (), EXPORTED)) == "[]\n"
