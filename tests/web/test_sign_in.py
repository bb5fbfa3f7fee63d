"""Signing in, staying in and going out, as a browser does it (TRUST A1, A4, A6, S1 to S4, W6)."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update

from core.clock import utc_now
from core.progress import Operation
from features.login_sessions import clear_ended_sessions
from features.sign_in_links import Purpose, add_link
from features.users import create_admin, set_password
from models import LoginSession, OnlineUser, User, UserLog, db
from tests.web.conftest import MakeApp, TestClock
from tests.web.visitor import PASSWORD, Visitor, add_first_admin


def test_the_whole_walk_on_every_server(make_app: MakeApp, database_url: str) -> None:
    """First admin, sign in by name and by email, the page, sign out; the rows written on the way."""
    console = make_app(database_url)
    add_first_admin(console)
    visitor = Visitor(console)
    assert visitor.get("/").location == "/sign-in"
    assert visitor.sign_in("MVogt").location == "/"
    page = visitor.get("/")
    assert page.status_code == 200
    assert "All is well" in page.text or "you" in page.text
    with console.app_context():
        assert db.session.scalars(select(OnlineUser.username)).all() == ["mvogt"]
    assert visitor.post("/sign-out", page="/").location == "/sign-in"
    assert visitor.get("/").status_code == 303
    assert visitor.sign_in("maren.vogt@EXAMPLE.com").status_code == 303
    with console.app_context():
        actions = db.session.scalars(select(UserLog.action).order_by(UserLog.id)).all()
        assert actions == ["login", "logout", "login"]
        assert db.session.scalars(select(UserLog.ip_address)).first() == "127.0.0.1"


@pytest.mark.parametrize("name", ["admin", "root", "postgres", "basekeeper"])
def test_a1_an_empty_database_lets_nobody_in(console: Flask, name: str) -> None:
    for password in (name, "password", "", "admin"):
        assert Visitor(console).sign_in(name, password).status_code == 422


def test_a4_unknown_user_and_wrong_password_get_the_same_answer(console: Flask, visitor: Visitor) -> None:
    known, unknown = Visitor(console).sign_in("mvogt", "x" * 20), Visitor(console).sign_in("nobdy", "x" * 20)
    assert known.status_code == unknown.status_code == 422
    assert _plain(known.text, "mvogt") == _plain(unknown.text, "nobdy")
    assert set(known.headers) == set(unknown.headers)


@pytest.mark.parametrize(
    "identifier",
    ["", "\0", "mvogt\0", "' OR 1=1 --", "x" * 5000, "%", "\ud800".encode("utf-8", "replace").decode()],
)
def test_odd_names_are_just_wrong(visitor: Visitor, identifier: str) -> None:
    assert visitor.sign_in(identifier).status_code == 422


def test_s1_cookie_on_plain_http_of_this_machine(admin: Visitor) -> None:
    cookie = admin.cookie()
    assert (cookie.http_only, cookie.same_site, cookie.path, cookie.secure) == (True, "Lax", "/", False)
    assert len(cookie.value) >= 43  # 256 bits


def test_s1_cookies_over_tls_have_the_host_prefix(console: Flask, visitor: Visitor) -> None:
    browser = Visitor(console, base_url="https://localhost", headers={"Referer": "https://localhost/sign-in"})
    answer = browser.sign_in()
    assert answer.status_code == 303
    for cookie in answer.headers.getlist("Set-Cookie"):
        assert cookie.startswith("__Host-basekeeper-")
        assert "Secure" in cookie and "HttpOnly" in cookie and "Path=/" in cookie and "Domain" not in cookie


def test_s1_only_a_hash_of_the_token_is_stored(console: Flask, admin: Visitor) -> None:
    with console.app_context():
        stored = db.session.scalars(select(LoginSession.token_hash)).one()
    assert len(stored) == 64
    assert admin.cookie().value not in stored


def test_s2_a_preset_cookie_is_never_adopted_and_the_old_id_dies(console: Flask, visitor: Visitor) -> None:
    visitor.client.set_cookie("basekeeper-session", "preset")
    visitor.sign_in()
    first = visitor.cookie().value
    assert first != "preset"
    visitor.sign_in()
    assert visitor.cookie().value != first
    thief = Visitor(console)
    thief.client.set_cookie("basekeeper-session", first)
    assert thief.get("/").status_code == 303


def test_s2_a_form_opened_before_the_sign_in_is_dead_after_it(visitor: Visitor) -> None:
    before = visitor.csrf_token()
    visitor.sign_in()
    assert visitor.client.post("/sign-out", data={"csrf_token": before}).status_code == 403


def test_s3_signing_out_ends_the_session_at_the_server(console: Flask, admin: Visitor) -> None:
    token = admin.cookie().value
    admin.post("/sign-out", page="/")
    admin.client.set_cookie("basekeeper-session", token)
    assert admin.get("/").status_code == 303
    with console.app_context():
        assert not db.session.scalars(select(OnlineUser)).all()


def test_s3_a_new_password_ends_the_other_sessions(console: Flask, admin: Visitor) -> None:
    with console.app_context():
        user_id = db.session.scalars(select(User.id)).one()
        token = add_link(db.session, Purpose.PASSWORD, "test", utc_now(), user_id)
        db.session.commit()
        set_password(token, "another walk along the river", utc_now())
    assert admin.get("/").status_code == 303
    assert admin.sign_in(password=PASSWORD).status_code == 422
    assert admin.sign_in(password="another walk along the river").status_code == 303


def test_s4_thirty_idle_minutes_end_it(clock: TestClock, admin: Visitor) -> None:
    clock.advance(minutes=29)
    assert admin.get("/").status_code == 200
    clock.advance(minutes=29)
    assert admin.get("/").status_code == 200
    clock.advance(minutes=31)
    assert admin.get("/").status_code == 303


def test_s4_twelve_hours_end_it_however_busy(clock: TestClock, admin: Visitor) -> None:
    for _ in range(35):
        clock.advance(minutes=20)
        assert admin.get("/").status_code == 200
    clock.advance(minutes=20)
    assert admin.get("/").status_code == 303


def test_s4_whoever_stays_may_be_idle_for_twelve_hours(clock: TestClock, visitor: Visitor) -> None:
    assert visitor.post("/sign-in", identifier="mvogt", password=PASSWORD, stays="y").status_code == 303
    assert visitor.cookie().max_age == 12 * 3600
    clock.advance(hours=11, minutes=59)
    assert visitor.get("/").status_code == 200
    clock.advance(minutes=1)
    assert visitor.get("/").status_code == 303


def test_s4_the_cookie_of_others_goes_with_the_window(admin: Visitor) -> None:
    assert (admin.cookie().max_age, admin.cookie().expires) == (None, None)


def test_s4_a_page_that_refreshes_itself_is_no_sign_of_a_person(clock: TestClock, admin: Visitor) -> None:
    for _ in range(6):
        clock.advance(minutes=4)
        assert admin.get("/", headers={"HX-Request": "true"}).status_code == 200
    clock.advance(minutes=6)
    answer = admin.get("/", headers={"HX-Request": "true", "HX-Current-URL": "http://localhost/?a=1"})
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/sign-in?next=/?a%3D1")


def test_last_seen_is_written_every_thirty_seconds_at_most(
    console: Flask, clock: TestClock, admin: Visitor
) -> None:
    def last_seen() -> set[float]:
        with console.app_context():
            rows = [*db.session.scalars(select(LoginSession)), *db.session.scalars(select(OnlineUser))]
            return {(row.last_seen - began).total_seconds() for row in rows}

    began = clock.moment
    for seconds, expected in ((29, 0), (1, 30), (29, 30), (2, 61)):
        clock.advance(seconds=seconds)
        admin.get("/")
        assert last_seen() == {expected}


def test_s3_all_sessions_end_at_once_and_nobody_elses(console: Flask, admin: Visitor) -> None:
    other = Visitor(console)
    other.sign_in()
    with console.app_context():
        ines = create_admin(Operation(), "ines", "ines@example.com", "Ines")
        set_password(ines, PASSWORD, utc_now())
    stranger = Visitor(console)
    stranger.sign_in("ines")
    assert admin.post("/sign-out-everywhere", page="/").location == "/sign-in"
    assert admin.get("/").status_code == other.get("/").status_code == 303
    assert stranger.get("/").status_code == 200


def test_ended_sessions_leave_when_nobody_signs_in_any_more(
    console: Flask, clock: TestClock, admin: Visitor
) -> None:
    """Those whose time is over, and at once those of a user who is not active any more (TRUST A6)."""
    Visitor(console).post("/sign-in", identifier="mvogt", password=PASSWORD, stays="y")
    with console.app_context():
        assert clear_ended_sessions(clock()) == 0
        clock.advance(minutes=30)
        assert clear_ended_sessions(clock()) == 1
        db.session.execute(update(User).values(is_active=False))
        db.session.commit()
        assert clear_ended_sessions(clock()) == 1
        assert not db.session.scalars(select(OnlineUser)).all()
        actions = db.session.scalars(select(UserLog.action).order_by(UserLog.id)).all()
        assert actions == ["login", "login", "logout", "logout"]


def test_s2_another_role_holds_from_the_next_request_on(console: Flask, admin: Visitor) -> None:
    with console.app_context():
        db.session.execute(update(User).values(role="viewer"))
        db.session.commit()
    assert ", viewer</span>" in admin.get("/").text


def test_an_ended_session_leaves_with_the_next_sign_in(
    console: Flask, clock: TestClock, admin: Visitor
) -> None:
    clock.advance(hours=1)
    Visitor(console).sign_in()
    with console.app_context():
        assert len(db.session.scalars(select(OnlineUser)).all()) == 1
        assert len(db.session.scalars(select(LoginSession)).all()) == 1


def test_a6_a_user_made_inactive_is_out_at_once(console: Flask, admin: Visitor) -> None:
    with console.app_context():
        db.session.execute(update(User).values(is_active=False))
        db.session.commit()
    assert admin.get("/").status_code == 303
    assert admin.sign_in().status_code == 422


def test_w6_back_to_the_page_that_was_wanted(visitor: Visitor) -> None:
    assert visitor.sign_in(path="/sign-in?next=/healthz").location == "/healthz"


def test_a8_forwarded_headers_change_nothing(console: Flask, visitor: Visitor) -> None:
    forged = {"X-Forwarded-For": "10.9.8.7", "X-Forwarded-Host": "evil", "X-Forwarded-Proto": "https"}
    Visitor(console, headers=forged).sign_in()
    with console.app_context():
        assert db.session.scalars(select(UserLog.ip_address)).all() == ["127.0.0.1"]


def test_signing_out_twice_is_harmless(admin: Visitor) -> None:
    assert admin.post("/sign-out").status_code == admin.post("/sign-out").status_code == 303


def _plain(page: str, name: str) -> str:
    import re

    return re.sub(r'name="csrf_token"[^>]*', "", page).replace(name, "")
