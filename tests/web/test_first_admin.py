"""The one-time links in a browser: of the first admin (TRUST A1), and to set a password."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from core.progress import Operation
from features.users import create_admin, issue_first_admin_link
from models import AuditEvent, SignInLink, User, db
from tests.web.conftest import MakeApp, TestClock
from tests.web.visitor import PASSWORD, Visitor, add_first_admin

PERSON = {"name": "Maren Vogt", "email": "maren.vogt@example.com", "username": "mvogt"}


def issue(console: Flask, issuer: str = "server/1") -> str:
    with console.app_context():
        token = issue_first_admin_link(issuer)
    assert token
    return f"/first-admin/{token}"


def create(visitor: Visitor, link: str, **changes: str) -> int:
    return visitor.post(link, page=link, **({**PERSON, "password": PASSWORD} | changes)).status_code


def users(console: Flask) -> int:
    with console.app_context():
        return db.session.scalar(select(func.count()).select_from(User)) or 0


def test_it_makes_the_admin_and_signs_in_once(console: Flask) -> None:
    link, visitor = issue(console), Visitor(console)
    assert create(visitor, link) == 303
    assert visitor.get("/").status_code == 200
    assert Visitor(console).get(link).status_code == 404
    assert create(visitor, link, username="second", email="second@example.com") in (403, 404)
    assert users(console) == 1


def test_looking_at_it_burns_nothing(console: Flask) -> None:
    link = issue(console)
    for _ in range(3):
        assert Visitor(console).get(link).status_code == 200
        assert Visitor(console).client.head(link).status_code == 200
    assert create(Visitor(console), link) == 303


def test_it_ends_after_thirty_minutes_by_the_servers_clock(console: Flask, clock: TestClock) -> None:
    link = issue(console)
    clock.advance(minutes=29)
    assert Visitor(console).get(link).status_code == 200
    clock.advance(minutes=2)
    assert Visitor(console).get(link).status_code == 404


def test_it_is_dead_as_soon_as_an_admin_exists(console: Flask) -> None:
    link = issue(console, "manage_db.py")
    add_first_admin(console)
    assert Visitor(console).get(link).status_code == 404
    assert users(console) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"password": "fourteen chars"}, "14 characters. Use 15 or more."),
        ({"password": "mvogtmvogtmvogt"}, "among the first to be guessed"),
        ({"password": "Maren.Vogt@example.com"}, "among the first to be guessed"),
        ({"email": "maren"}, "name@example.com"),
        ({"username": "m v"}, "3 to 80 letters"),
        ({"username": "maren@vogt"}, "3 to 80 letters"),
        ({"name": ""}, "1 to 100 characters"),
        ({"name": "Maren\x07Vogt"}, "cannot hold the invisible character \\x07."),
    ],
)
def test_what_is_wrong_is_said_and_the_link_still_works(
    console: Flask, wrong: dict[str, str], said: str
) -> None:
    link, visitor = issue(console), Visitor(console)
    answer = visitor.post(link, page=link, **({**PERSON, "password": PASSWORD} | wrong))
    assert answer.status_code == 422
    assert said in answer.text
    assert users(console) == 0
    assert create(visitor, link) == 303


def test_a_taken_name_is_said_and_the_link_still_works(console: Flask) -> None:
    with console.app_context():
        db.session.add(User(username="mvogt", email="other@example.com", name="Other"))
        db.session.commit()
    link, visitor = issue(console), Visitor(console)
    assert create(visitor, link) == 409
    assert create(visitor, link, username="mvogt2") == 303


def test_two_browsers_at_once_make_one_admin(make_app: MakeApp, database_url: str) -> None:
    console = make_app(database_url)
    links = [issue(console, "server/1"), issue(console, "manage_db.py")] * 2

    def race(number: int) -> int:
        person = {"username": f"admin{number}", "email": f"admin{number}@example.com"}
        return create(Visitor(console), links[number], **person)

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(race, range(4)))
    # Those who lost find the link used when they send the form, or already when they open it.
    assert sorted(answers)[0] == 303 and all(code in (403, 404) for code in sorted(answers)[1:]), answers
    assert users(console) == 1


def test_the_token_is_in_no_log_no_audit_and_no_row(
    make_app: MakeApp, sqlite_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    console = make_app(sqlite_url, log_file=tmp_path / "log", db_debug=True)
    link = issue(console)
    assert create(Visitor(console), link) == 303
    Visitor(console).get(link)
    token = link.rpartition("/")[2]
    assert token not in caplog.text
    with console.app_context():
        assert token not in db.session.scalars(select(SignInLink.token_hash)).one()
        assert not [row for row in db.session.scalars(select(AuditEvent)) if token in str(row.details)]
    assert token.encode() not in Path(sqlite_url.removeprefix("sqlite:///")).read_bytes()


def test_a_password_link_lets_an_admin_in_once(console: Flask) -> None:
    with console.app_context():
        token = create_admin(Operation(), "ines", "ines@example.com", "Ines")
    link, visitor = f"/set-password/{token}", Visitor(console)
    assert "ines" in visitor.get(link).text
    assert visitor.post(link, page=link, password="short").status_code == 422
    assert visitor.post(link, page=link, password="passwordpassword").status_code == 422
    assert visitor.post(link, page=link, password=PASSWORD).status_code == 303
    assert visitor.get("/").status_code == 200
    assert visitor.get(link).status_code == 404
    assert Visitor(console).sign_in("ines").status_code == 303


@pytest.mark.parametrize("path", ["/first-admin/x", "/set-password/x", "/first-admin/" + "x" * 3000])
def test_a_made_up_link_is_no_page(console: Flask, path: str) -> None:
    answer = Visitor(console).get(path)
    assert answer.status_code == 404
    assert "create-admin" in answer.text
