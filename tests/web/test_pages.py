"""What the pages show: the state of the database, hostile names as text (TRUST W2), the theme."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing

import pytest
from flask import Flask

from features.overview import read_overview
from tests.servers import Server
from tests.web.conftest import MakeApp
from tests.web.visitor import Visitor, add_first_admin
from web.settings import settings_of

HOSTILE = """<img src=x onerror=alert(1)>'"{{7*7}}"""


def test_the_dashboard_shows_the_state(make_app: MakeApp, server: Server, database_url: str) -> None:
    console = make_app(database_url)
    add_first_admin(console)
    visitor = Visitor(console)
    visitor.sign_in()
    page = visitor.get("/").text
    with console.app_context():
        overview = read_overview(settings_of(console))
    assert overview.verdict in page
    assert overview.head in page
    assert overview.status.version.text.startswith(server.version.split("-")[0])
    for shown in ("Development", overview.status.version.text, "user_log", "No operations yet", "Maren Vogt"):
        assert shown in page
    for check in overview.checks:
        assert check.value.split(" ")[0] in page


def test_what_needs_somebody_stands_first_with_its_command(admin: Visitor, sqlite_url: str) -> None:
    _execute(sqlite_url, "DROP TABLE sync_data", "DELETE FROM alembic_version")
    page = admin.get("/").text
    assert "2 things need you" in page
    assert page.index("Tables are missing") < page.index("pending")
    assert "<code>python manage_db.py init</code>" in page
    assert "<code>python manage_db.py create-tables</code>" in page


def test_w2_a_hostile_name_is_text(admin: Visitor, sqlite_url: str) -> None:
    quoted = HOSTILE.replace('"', '""')
    _execute(sqlite_url, f'CREATE TABLE "{quoted}" (id INTEGER)')
    page = admin.get("/").text
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert "{{7*7}}" in page


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


def test_nothing_is_shown_that_does_not_work(console: Flask, admin: Visitor) -> None:
    links = set(re.findall(r'<a [^>]*href="(/[^"]*)"', admin.get("/").text))
    assert links
    assert all(admin.get(path).status_code == 200 for path in links)


def _execute(url: str, *statements: str) -> None:
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)
