"""What the pages show: the state of the database, hostile names as text (TRUST W2), the theme."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from features.users import issue_first_admin_link
from models import User, db
from tests.web.conftest import MakeApp
from tests.web.visitor import PASSWORD, Visitor, add_first_admin

HOSTILE = """<img src=x onerror=alert(1)>'"{{7*7}}\u202egpj\x1b[2J"""


@pytest.mark.parametrize("role", ["viewer", "operator", "admin"])
def test_folders_of_the_server_are_shown_to_admins_alone(
    make_app: MakeApp, sqlite_url: str, tmp_path: Path, role: str
) -> None:
    (tmp_path / "backups").write_text("a file in the way")
    console = make_app(sqlite_url, backup_dir=tmp_path / "backups")
    add_first_admin(console)
    with console.app_context():
        db.session.execute(update(User).values(role=role))
        db.session.commit()
    visitor = Visitor(console)
    visitor.sign_in()
    for path, words in (("/", "Not a folder"), ("/health", "not a folder")):
        page = visitor.get(path).text
        assert words in page
        assert (str(tmp_path / "backups") in page) is (role == "admin")
        assert role == "admin" or str(tmp_path) not in page


def test_a_link_that_does_not_work_has_a_title_without_a_stop(console: Flask) -> None:
    page = Visitor(console).get("/first-admin/x").text
    assert "This link does not work</h1>" in page
    assert "It was used, has ended, or was never made.</p>" in page
    assert "Ask an admin for another." in page and "manage_db.py create-admin USERNAME EMAIL" in page
    assert "python manage_db.py create-admin USERNAME EMAIL" in Visitor(console).get("/sign-in").text


def focused(page: str) -> list[str]:
    """The names of the fields that take the focus."""
    fields = re.findall(r"<input[^>]*>", page)
    return [re.sub(r'.* name="(\w+)".*', r"\1", field) for field in fields if "autofocus" in field]


def test_the_focus_is_on_the_field_to_go_on_with(console: Flask, visitor: Visitor) -> None:
    assert focused(visitor.get("/sign-in").text) == ["identifier"]
    assert focused(visitor.sign_in(password="x" * 20).text) == ["password"]


@pytest.mark.parametrize(
    ("wrong", "focus"),
    [
        ({"name": ""}, "name"),
        ({"email": "maren"}, "email"),
        ({"username": "m v", "password": "short"}, "username"),
        ({"password": "short"}, "password"),
    ],
)
def test_the_focus_of_the_first_admin_is_on_the_first_fault(
    console: Flask, wrong: dict[str, str], focus: str
) -> None:
    with console.app_context():
        link = f"/first-admin/{issue_first_admin_link('test/1')}"
    visitor = Visitor(console)
    person = {"name": "Maren Vogt", "email": "maren.vogt@example.com", "username": "mvogt"}
    assert focused(visitor.get(link).text) == ["name"]
    answer = visitor.post(link, page=link, **(person | {"password": PASSWORD} | wrong))
    assert focused(answer.text) == [focus]


def test_w2_a_hostile_name_is_text(admin: Visitor, sqlite_url: str) -> None:
    quoted = HOSTILE.replace('"', '""')
    _execute(sqlite_url, f'CREATE TABLE "{quoted}" (id INTEGER)')
    page = admin.get("/health").text
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "{{7*7}}" in page
    assert "\u202e" not in page and "\\u202e" in page
    assert "\x1b" not in page and "\\x1b" in page


def test_every_picture_is_in_the_sprite(admin: Visitor) -> None:
    page = admin.get("/").text
    wanted = set(re.findall(r'sprite\.svg\?v=\w+#([\w-]+)"', page))
    sprite = admin.get("/static/vendor/icons/sprite.svg").text
    assert wanted
    assert wanted <= set(re.findall(r'id="([\w-]+)"', sprite))


def test_every_file_a_page_names_is_there(admin: Visitor) -> None:
    files = set(re.findall(r'(?:href|src)="(/static/[^"#]+)', admin.get("/").text))
    assert len(files) >= 8
    assert all(admin.get(path).status_code == 200 for path in files)


@pytest.mark.parametrize("theme", ["auto", "light", "dark"])
def test_the_theme_is_kept_in_a_cookie(visitor: Visitor, theme: str) -> None:
    answer = visitor.post("/theme", theme=theme, next="//evil")
    assert answer.location == "/"
    assert f'data-bs-theme="{theme}"' in visitor.get("/sign-in").text


def test_an_unknown_theme_is_refused(visitor: Visitor) -> None:
    assert visitor.post("/theme", theme='"><script>').status_code == 422
    visitor.client.set_cookie("theme", '"><script>')
    assert 'data-bs-theme="auto"' in visitor.get("/sign-in").text


def test_production_is_marked_on_the_sign_in_page_too(make_app: MakeApp, sqlite_url: str) -> None:
    from core.settings import Environment

    page = Visitor(make_app(sqlite_url, flask_env=Environment.PRODUCTION)).get("/sign-in").text
    assert 'class="in-production"' in page
    assert "environment-production" in page


def test_the_reference_of_the_api_speaks_in_sentences(admin: Visitor) -> None:
    page = admin.get("/api-reference").text
    assert "Such as backup.create. 255 characters at most." in page
    assert "In the path. 26 characters at most." in page
    assert "Left out, it is true." in page
    assert ".. " not in page and "default." not in page


def test_a_link_says_the_zone_of_its_end(console: Flask) -> None:
    with console.app_context():
        link = f"/first-admin/{issue_first_admin_link('test/1')}"
    assert "</time> UTC.</p>" in Visitor(console).get(link).text


def test_a_field_without_a_limit_says_none(admin: Visitor) -> None:
    assert 'max="None"' not in admin.get("/seeding").text


def test_nothing_is_shown_that_does_not_work(console: Flask, admin: Visitor) -> None:
    links = set(re.findall(r'<a [^>]*href="(/[^"]*)"', admin.get("/").text))
    assert links
    assert all(admin.get(path).status_code == 200 for path in links)


def _execute(url: str, *statements: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
