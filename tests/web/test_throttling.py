"""Sign-ins slowed down, as a browser meets it (TRUST A4, A5)."""

from __future__ import annotations

import re
import statistics
import time

from flask import Flask
from werkzeug.test import TestResponse

from tests.web.conftest import MakeApp, TestClock
from tests.web.visitor import Visitor

WRONG = "not the password at all"


def test_a4_a5_the_eleventh_try_is_refused_and_the_answers_tell_nothing(
    console: Flask, clock: TestClock, visitor: Visitor
) -> None:
    known, unknown = Visitor(console), Visitor(console)
    for number in range(1, 13):
        answers = known.sign_in("mvogt", WRONG), unknown.sign_in("nobdy", WRONG)
        assert [answer.status_code for answer in answers] == [422 if number <= 10 else 429] * 2
        assert plain(answers[0], "mvogt") == plain(answers[1], "nobdy")
        assert known.cookie("basekeeper-device") is unknown.cookie("basekeeper-device") is None
    assert answers[0].headers["Retry-After"] == "300"
    assert "Too many sign-ins have failed. Wait 5 minutes." in answers[0].text


def test_a5_a_restart_and_another_worker_know_of_it(
    make_app: MakeApp, sqlite_url: str, visitor: Visitor
) -> None:
    for _ in range(10):
        visitor.sign_in(password=WRONG)
    assert Visitor(make_app(sqlite_url)).sign_in().status_code == 429


def test_a5_a_known_device_gets_in_all_the_same(console: Flask, admin: Visitor) -> None:
    admin.post("/sign-out", page="/")
    stranger = Visitor(console)
    for _ in range(10):
        stranger.sign_in(password=WRONG)
    assert stranger.sign_in().status_code == 429
    assert admin.sign_in().status_code == 303


def test_the_device_cookie_opens_nothing_and_cannot_be_made(console: Flask, admin: Visitor) -> None:
    cookie = admin.cookie("basekeeper-device")
    assert (cookie.http_only, cookie.same_site, cookie.path) == (True, "Lax", "/")
    assert cookie.max_age >= 30 * 24 * 3600
    for value in (cookie.value, cookie.value[:-1], "", "WzEsImEiXQ.x", "\u00e9"):
        thief = Visitor(console)
        for name in ("basekeeper-device", "basekeeper-session", "basekeeper-form"):
            thief.client.set_cookie(name, value)
        assert thief.get("/").status_code == 303
    admin.get("/")
    for name in ("basekeeper-session", "basekeeper-form"):
        forger = Visitor(console)
        forger.client.set_cookie("basekeeper-device", admin.cookie(name).value)
        for _ in range(5):
            forger.sign_in(password=WRONG)
    assert Visitor(console).sign_in().status_code == 429


def test_a_device_stays_the_same_one(admin: Visitor) -> None:
    """Signing in again must not give a guesser a new count."""
    before = admin.cookie("basekeeper-device").value
    admin.sign_in()
    assert admin.cookie("basekeeper-device").value == before


def test_a4_an_unknown_name_takes_as_long(console: Flask, clock: TestClock, visitor: Visitor) -> None:
    """In time of the processor, which other programs do not lengthen."""
    seconds: dict[str, list[float]] = {"mvogt": [], "nobdy": []}
    token = visitor.csrf_token()
    for _ in range(60):
        clock.advance(seconds=40)  # no ten of them within five minutes
        for name, taken in seconds.items():
            form = {"csrf_token": token, "identifier": name, "password": WRONG}
            began = time.process_time()
            assert visitor.client.post("/sign-in", data=form).status_code == 422
            taken.append(time.process_time() - began)
    known, unknown = (statistics.median(taken) for taken in seconds.values())
    assert abs(known - unknown) < 0.1 * known


def plain(answer: TestResponse, name: str) -> tuple[str, list[str], str | None]:
    text = re.sub(r'name="csrf_token"[^>]*', "", answer.text).replace(name, "")
    return text, sorted(answer.headers.keys()), answer.headers.get("Retry-After")
