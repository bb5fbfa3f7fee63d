"""The pages of databases: registered, tried, changed and removed at a browser, by nothing beyond forms."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from core.errors import NotFound
from core.settings import Environment
from features.databases import own_database, read_database
from models import OperationRecord, RegisteredDatabase, User, db
from tests.web.conftest import MakeApp
from tests.web.visitor import Visitor, add_first_admin

KEY = "a key for stored passwords, long enough"
PLACES = ("127.0.0.0/8", "::1")
NOTES = {"name": "notes", "environment": "testing", "dialect": "sqlite", "database_name": "notes.db"}


@pytest.fixture
def console(make_app: MakeApp, sqlite_url: str, tmp_path: Path) -> Flask:
    """A console with a file to register, and leave to look at this machine."""
    (tmp_path / "databases").mkdir()
    (tmp_path / "databases/notes.db").touch()
    return make_app(sqlite_url, credentials_key=KEY, database_networks=PLACES)


@pytest.fixture
def nobody_there() -> Iterator[dict[str, str]]:
    """A server that does not answer: its port is taken and nobody listens."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = str(taken.getsockname()[1])
        place = {"dialect": "postgresql", "host": "127.0.0.1", "port": port, "database_name": "shop"}
        account = {"account": "app", "password": "canary-9"}
        yield {"name": "shop", "environment": "production", **place, **account}


def register(admin: Visitor, **fields: str) -> TestResponse:
    return admin.post("/databases", "/databases/new", **fields)


def names(console: Flask) -> list[str]:
    with console.app_context():
        return list(db.session.scalars(select(RegisteredDatabase.name)))


def test_a_database_is_registered_listed_tried_and_removed(console: Flask, admin: Visitor) -> None:
    answer = register(admin, **NOTES)
    assert (answer.status_code, answer.location) == (303, "/databases/notes")
    assert "Reachable" in admin.get("/databases/notes").text
    page = admin.get("/databases").text
    assert page.index('href="/"', page.index("<tbody>")) < page.index('href="/databases/notes"')
    assert admin.post("/databases/notes/test", "/databases/notes").location == "/databases/notes"
    assert re.search(r"Answered in (under )?\d+ ms", admin.get("/databases/notes").text)
    Path("databases/notes.db").unlink()
    assert admin.post("/databases/notes/test", "/databases/notes").location == "/databases/notes"
    page = admin.get("/databases/notes").text
    assert "notification-failure" in page and "There is no such file" in page
    assert "Failed" in admin.get("/operations?kind=database.test").text
    refused = admin.post("/databases/notes/remove", "/databases/notes/remove", confirmation="note")
    assert refused.status_code == 422
    assert names(console) == ["notes"]
    admin.post("/databases/notes/remove", "/databases/notes/remove", confirmation="notes")
    assert "notes is no longer registered." in admin.get("/databases").text
    assert names(console) == [] and admin.get("/databases/notes").status_code == 404


def test_what_is_wrong_stands_at_its_field_and_nothing_is_kept(console: Flask, admin: Visitor) -> None:
    wrong = register(admin, **{**NOTES, "name": "a b", "database_name": "../notes.db", "environment": "live"})
    assert wrong.status_code == 422
    assert wrong.text.count('class="field-error"') == 3 and names(console) == []
    register(admin, **NOTES)
    again = register(admin, **{**NOTES, "name": "NOTES"})
    assert again.status_code == 409 and "registered already" in again.text


@pytest.mark.parametrize(
    "field", ["id", "state", "created_by", "is_own", "options", "sslkey", "service", "url"]
)
def test_a_field_that_the_form_does_not_have_is_refused(console: Flask, admin: Visitor, field: str) -> None:
    """TRUST Z4: mass assignment."""
    assert register(admin, **NOTES, **{field: "x"}).status_code == 422
    assert names(console) == []
    register(admin, **NOTES)
    for extra in (field, "name"):
        fields = {**NOTES, "environment": "staging", extra: "x"}
        fields.pop("name") if extra != "name" else None
        assert admin.post("/databases/notes", "/databases/notes/edit", **fields).status_code == 422
    with console.app_context():
        assert read_database("notes").fields.environment == "testing"


def test_a_password_is_set_or_not_and_never_shown(
    console: Flask, admin: Visitor, nobody_there: dict[str, str]
) -> None:
    """TRUST Z5: on no page, nor in the form that was refused."""
    refused = register(admin, **nobody_there)
    assert refused.status_code == 409
    assert "Nothing answers there" in refused.text and "even_unreachable" in refused.text
    kept = register(admin, **nobody_there, even_unreachable="y")
    assert kept.status_code == 303
    pages = [
        refused.text,
        *(admin.get(f"/databases{rest}").text for rest in ("", "/shop", "/shop/edit", "/shop/remove")),
    ]
    assert not [page for page in pages if "canary" in page]
    assert '<dd class="">set</dd>' in pages[2] and "Unreachable" in pages[1]


def test_an_unprotected_way_shows_on_the_list_and_the_page(
    console: Flask, admin: Visitor, nobody_there: dict[str, str]
) -> None:
    """TRUST C6: the downgrade is an exception that everyone sees."""
    register(admin, **{**nobody_there, "host": "192.0.2.1", "tls_mode": "disable"}, even_unreachable="y")
    for path in ("/databases", "/databases/shop"):
        assert "The connection is not encrypted" in admin.get(path).text


@pytest.mark.parametrize(
    ("path", "field"), [("", "name"), ("/notes", "environment"), ("/notes/remove", "confirmation")]
)
def test_harm_wants_a_proof_that_is_fresh_and_changes_want_an_admin(
    console: Flask, admin: Visitor, path: str, field: str
) -> None:
    """TRUST S5, Z1: neither a viewer nor an operator changes anything."""
    register(admin, **NOTES)
    token = admin.csrf_token("/databases/new")
    for role in ("viewer", "operator"):
        with console.app_context():
            db.session.execute(update(User).values(role=role))
            db.session.commit()
        data = {**NOTES, "csrf_token": token, field: "notes"}
        assert admin.client.post(f"/databases{path}", data=data).status_code == 403
        assert "Remove" not in admin.get("/databases/notes").text
    assert names(console) == ["notes"]


def test_a_name_that_is_nobodys_is_not_found(console: Flask, admin: Visitor) -> None:
    """TRUST Z2."""
    for path in ("/databases/x", "/databases/x/edit", "/databases/x/remove", "/databases/%3Cimg%3E"):
        answer = admin.get(path)
        assert answer.status_code == 404 and "<img>" not in answer.text
    assert admin.post("/databases/x/test", "/databases").status_code == 404
    with console.app_context(), pytest.raises(NotFound):
        read_database("x")


def test_without_a_key_the_form_says_so_before_anything_is_typed(
    make_app: MakeApp, sqlite_url: str, nobody_there: dict[str, str]
) -> None:
    console = make_app(sqlite_url, database_networks=PLACES, flask_env=Environment.STAGING)
    add_first_admin(console)
    admin = Visitor(console, base_url="https://localhost", headers={"Referer": "https://localhost/"})
    admin.sign_in()
    page = admin.get("/databases/new").text
    assert page.index("CREDENTIALS_KEY is not set") < page.index("token_hex") < page.index('name="host"')
    assert ".env" in page and '<option selected value="staging">' in page
    answer = register(admin, **nobody_there)
    assert answer.status_code == 422 and answer.text.count("token_hex") == 2
    assert register(admin, **{**nobody_there, "host": "169.254.169.254", "password": ""}).status_code == 422
    assert names(console) == [] and operations(console) == ["database.add"]


def test_development_makes_its_key(make_app: MakeApp, sqlite_url: str, nobody_there: dict[str, str]) -> None:
    console = make_app(sqlite_url)
    add_first_admin(console)
    admin = Visitor(console)
    admin.sign_in()
    assert "CREDENTIALS_KEY" not in admin.get("/databases/new").text
    assert register(admin, **nobody_there, even_unreachable="y").status_code == 303


def test_what_cannot_be_reached_is_told_at_the_field_it_is_about(
    console: Flask, admin: Visitor, nobody_there: dict[str, str], tmp_path: Path
) -> None:
    fresh = admin.get("/databases/new").text
    assert focus(fresh) == ["name"] and str(tmp_path / "databases") in fresh
    assert focus(register(admin, **nobody_there).text) == ["host"]
    (tmp_path / "databases/notes.db").unlink()
    (tmp_path / "databases").rmdir()
    missing = register(admin, **NOTES).text
    assert focus(missing) == ["database_name"] and "even_unreachable" in missing
    assert str(tmp_path / "databases/notes.db") in missing and "Type it again" not in missing
    assert (tmp_path / "databases").is_dir()
    (tmp_path / "databases/notes.db").write_bytes(b"letters, " * 200)
    damaged = register(admin, **NOTES).text
    assert focus(damaged) == ["database_name"] and "no SQLite database that can be read" in damaged


def test_a_file_has_no_password(console: Flask, admin: Visitor, nobody_there: dict[str, str]) -> None:
    """Nor does it keep that of the server it was before."""
    register(admin, **nobody_there, even_unreachable="y")
    file = {name: text for name, text in NOTES.items() if name != "name"}
    assert admin.post("/databases/shop", "/databases/shop/edit", **file, password="x").status_code == 303
    with console.app_context():
        assert not read_database("shop").has_password
    assert (
        "password" not in admin.get("/databases/shop/remove").text.partition("Undo")[2].partition("</p>")[0]
    )


def test_what_is_refused_before_anything_is_done_is_no_operation(console: Flask, admin: Visitor) -> None:
    register(admin, **NOTES)
    assert register(admin, **NOTES).status_code == 409
    assert operations(console) == ["database.add"]


def test_the_consoles_own_database_is_the_dashboard(console: Flask, admin: Visitor) -> None:
    with console.app_context():
        own = own_database().name
    assert admin.get(f"/databases/{own}").location == "/"


def operations(console: Flask) -> list[str]:
    with console.app_context():
        return list(db.session.scalars(select(OperationRecord.kind)))


def focus(page: str) -> list[str]:
    """The names of the fields that take the focus."""
    controls = re.findall(r"<(?:input|select)[^>]*\bautofocus\b[^>]*>", page)
    return [name for control in controls for name in re.findall(r'\bname="(\w+)"', control)]
