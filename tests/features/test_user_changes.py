"""What admins do to users, on every dialect: and somebody can always administer the console."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from core.clock import utc_now
from core.errors import AlreadyExists, AppError, Conflict, InvalidInput, NotFound
from core.progress import Operation
from core.settings import Settings
from database.context import application_context
from features.last_admin import LastAdmin
from features.login_sessions import Browser, open_session, read_session
from features.sign_in import WrongPassword, sign_in
from features.sign_in_links import LinkUseless
from features.tokens import TokenRefused, authenticate_token, create_token
from features.user_changes import (
    UserChange,
    activate_users,
    choose,
    create_user,
    deactivate_users,
    edit_user,
    end_user_sessions,
    reset_password,
)
from features.user_rows import read_user
from features.users import NewUser, set_password

PASSWORD = "a walk along the river"
BROWSER = Browser("127.0.0.1", "test")


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    with application_context(settings):
        yield settings


def add(username: str, role: str = "viewer") -> str:
    """A user by that name; gives the token of their link."""
    new = NewUser(username.title(), f"{username}@example.com", username)
    return create_user(Operation(), new, role, "free").token


def signed_in(username: str) -> str:
    return open_session(read_user(username, utc_now()).id, BROWSER, utc_now()).token


def program_of(username: str) -> str:
    """A token of theirs, which opens the API."""
    text = create_token(Operation(), username, "nightly", "viewer", 1, created_by=username).text
    assert authenticate_token(text, "127.0.0.1", utc_now()).actor.name == username
    return text


@pytest.mark.every_server
def test_changes_of_users(settings: Settings) -> None:
    _the_last_active_admin_stays_one()
    _users_are_made_and_changed()
    _they_are_shut_out_and_let_back_in()
    _they_get_a_new_password_by_the_newest_link()
    _what_cannot_be_is_refused()
    _two_admins_who_shut_each_other_out_at_once(settings)


def _users_are_made_and_changed() -> None:
    link = add("bob")
    with pytest.raises(AlreadyExists):
        add("BOB")
    set_password(link, PASSWORD, utc_now())
    token = signed_in("bob")
    change = UserChange(name=" Bob B ", email="B@Example.com", role="operator", tier="team")
    facts = edit_user(Operation(), "Bob", change)
    assert (facts.name, facts.email, facts.role, facts.tier) == ("Bob B", "b@example.com", "operator", "team")
    assert read_session(token, utc_now()) is None  # TRUST S2: a new role wants a new session
    with pytest.raises(AlreadyExists):
        edit_user(Operation(), "bob", UserChange(email="ada@example.com"))


def _they_are_shut_out_and_let_back_in() -> None:
    token, chosen = signed_in("bob"), choose(("bob", "BOB"))
    program = program_of("bob")
    assert str(chosen) == "bob" and deactivate_users(Operation(), chosen) == 1
    assert deactivate_users(Operation(), chosen) == 0 and read_session(token, utc_now()) is None
    with pytest.raises(WrongPassword):
        sign_in("bob", PASSWORD, BROWSER, utc_now())
    with pytest.raises(Conflict, match="not active"):
        reset_password(Operation(), "bob")
    assert activate_users(Operation(), chosen) == 1
    with pytest.raises(TokenRefused):
        authenticate_token(program, "127.0.0.1", utc_now())
    token = sign_in("bob", PASSWORD, BROWSER, utc_now()).token
    assert end_user_sessions(Operation(), "bob") == 1 and read_session(token, utc_now()) is None


def _they_get_a_new_password_by_the_newest_link() -> None:
    program = program_of("bob")
    token, old = signed_in("bob"), reset_password(Operation(), "bob").token
    new = reset_password(Operation(), "bob").token
    assert read_session(token, utc_now()) is None
    with pytest.raises(WrongPassword):
        sign_in("bob", PASSWORD, BROWSER, utc_now())
    with pytest.raises(TokenRefused):
        authenticate_token(program, "127.0.0.1", utc_now())
    with pytest.raises(LinkUseless):
        set_password(old, PASSWORD, utc_now())
    assert set_password(new, PASSWORD, utc_now())


def _what_cannot_be_is_refused() -> None:
    for username in ("nobody", "no\0body", "x" * 10_000, ""):
        with pytest.raises(NotFound):
            end_user_sessions(Operation(), username)
    for usernames in ((), ("ada",) * 201):
        with pytest.raises(InvalidInput):
            choose(usernames)
    with pytest.raises(InvalidInput):
        create_user(Operation(), NewUser("A", "a@example.com", "ada"), "root", "free")
    with pytest.raises(InvalidInput):
        edit_user(Operation(), "ada", UserChange(tier="gold"))


def _the_last_active_admin_stays_one() -> None:
    set_password(add("ada", "admin"), PASSWORD, utc_now())
    carls = add("carl", "admin")
    with pytest.raises(LastAdmin):
        deactivate_users(Operation(), choose(("ada",)))  # carl cannot sign in yet
    set_password(carls, PASSWORD, utc_now())
    with pytest.raises(LastAdmin):
        deactivate_users(Operation(), choose(("ada", "carl")))
    assert read_user("ada", utc_now()).is_active  # all or none
    deactivate_users(Operation(), choose(("carl",)))
    with pytest.raises(LastAdmin):
        edit_user(Operation(), "ada", UserChange(role="viewer"))
    assert edit_user(Operation(), "carl", UserChange(role="viewer")).role == "viewer"  # was none any more
    assert edit_user(Operation(), "ada", UserChange(role="admin", tier="pro")).tier == "pro"


def _two_admins_who_shut_each_other_out_at_once(settings: Settings) -> None:
    start = Barrier(2)

    def shut_out(username: str) -> bool:
        with application_context(settings):
            chosen = choose((username,))
            start.wait()
            try:
                return deactivate_users(Operation(), chosen) == 1
            except AppError:  # LastAdmin, or a deadlock that the server ended
                return False

    edit_user(Operation(), "bob", UserChange(role="admin"))
    for _ in range(5):
        with ThreadPoolExecutor(2) as threads:
            done = list(threads.map(shut_out, ("ada", "bob")))
        active = [one for one in ("ada", "bob") if read_user(one, utc_now()).is_active]
        assert active and sum(done) == 2 - len(active)
        activate_users(Operation(), choose(("ada", "bob")))
