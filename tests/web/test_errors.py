"""Error pages say what is so and what to do, and nothing of the inside (TRUST W9)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import text

from core.connection import parse_url
from core.errors import (
    AlreadyExists,
    ConfigurationError,
    ConnectionFailed,
    ObjectMissing,
    SchemaFault,
    SchemaTooNew,
)
from core.settings import Environment, load_settings
from database.files import make_database_file
from database.migrator import migrate
from database.revisions import known_revisions
from models import db
from tests.servers import PrivateServer
from tests.web.conftest import KEY, MakeApp
from tests.web.visitor import Visitor, add_first_admin
from web import create_app
from web.permissions import public


def raising(console: Flask, error: Exception) -> Visitor:
    def fail() -> str:
        secret = "geheim-im-inneren"
        raise error from ValueError(secret)

    console._got_first_request = False
    console.add_url_rule("/fail", "fail", public(fail))
    return Visitor(console)


def test_w9_an_unexpected_error_shows_no_inside(console: Flask) -> None:
    answer = raising(console, RuntimeError("/srv/app.py SELECT secret postgresql://u:pw@h/d")).get("/fail")
    assert answer.status_code == 500
    assert "Something went wrong here" in answer.text
    for inside in ("SELECT", "/srv", "geheim", "Traceback", "RuntimeError", "pw@h"):
        assert inside not in answer.text


@pytest.mark.parametrize(
    ("error", "status", "said", "unsaid"),
    [
        (ConnectionFailed("10.0.0.7:5432 refused"), 503, "The database does not answer", "10.0.0.7"),
        (SchemaFault("column x is missing"), 503, "The database is not ready", "column x"),
        (ObjectMissing("shop lacks a table"), 503, "The database is not ready", "lacks a table"),
        (SchemaTooNew("It is at revision abc."), 503, "restore a backup made by this one", "Traceback"),
        (
            AlreadyExists("That <b>name</b> is taken."),
            409,
            "That &lt;b&gt;name&lt;/b&gt; is taken</h1>",
            "<b>",
        ),
    ],
)
def test_errors_of_ours_have_their_page(
    console: Flask, error: Exception, status: int, said: str, unsaid: str
) -> None:
    answer = raising(console, error).get("/fail")
    assert answer.status_code == status
    assert said in answer.text
    assert unsaid not in answer.text


@pytest.mark.parametrize("table", ["login_session", "operation"])  # who it is; the counts of the frame
def test_who_is_signed_in_keeps_the_frame(console: Flask, admin: Visitor, table: str) -> None:
    """While the database can be asked for what stands there."""
    framed, bare = admin.get("/nothing"), Visitor(console).get("/nothing")
    assert 'id="navigation"' in framed.text and 'id="navigation"' not in bare.text
    with console.app_context():
        db.session.execute(text(f"DROP TABLE {table}"))
        db.session.commit()
    lost = admin.get("/nothing")
    assert 'id="navigation"' not in lost.text
    for page in (framed, bare, lost):
        assert page.status_code == 404 and "There is no such page</h1>" in page.text
        assert '<a href="/">To the dashboard</a>' in page.text


@pytest.mark.parametrize(
    ("came_from", "link"),
    [
        ("http://localhost/users?search=x", '<a href="/users?search=x">Back to the page</a>'),
        ("http://localhost/users/switch", '<a href="/">To the dashboard</a>'),  # the answer to a form
        ("http://elsewhere.example/users", '<a href="/">To the dashboard</a>'),
        ("http://[", '<a href="/">To the dashboard</a>'),
        ("", '<a href="/">To the dashboard</a>'),
    ],
)
def test_w7_a_refused_form_leads_back_to_its_page(admin: Visitor, came_from: str, link: str) -> None:
    sent = {"csrf_token": admin.csrf_token("/users"), "deed": "remove"}
    answer = admin.client.post("/users/switch", data=sent, headers={"Referer": came_from})
    assert answer.status_code == 422
    assert link in answer.text


def test_a_database_that_goes_away_is_a_503_and_comes_back(
    make_app: MakeApp, private_server: PrivateServer, caplog: pytest.LogCaptureFixture
) -> None:
    """The log tells an outage once, without where in the code it was met."""
    url = private_server.server.create_database("console")
    console = make_app(url, db_connect_timeout=2.0)
    add_first_admin(console)
    visitor = Visitor(console)
    visitor.sign_in()
    caplog.clear()
    private_server.stop()
    for answer in (visitor.get("/"), visitor.sign_in()):
        assert answer.status_code == 503
        assert "The database does not answer" in answer.text
        assert "db_health_check.py" in answer.text
        assert '<a href="/">Try again</a>' in answer.text
        for inside in ("127.0.0.1", "psycopg2", "pymysql", "Connection refused", "root@", "postgres@"):
            assert inside not in answer.text
    assert visitor.get("/healthz").status_code == 200
    assert visitor.get("/readyz").status_code == 503
    (told,) = [record for record in caplog.records if record.name == "basekeeper.web"]
    assert (told.levelname, told.exc_info) == ("WARNING", None)
    assert "Pages answer 503 until it can be reached." in told.message
    private_server.start()
    assert visitor.get("/").status_code == 200


@pytest.mark.parametrize("environment", [Environment.STAGING, Environment.PRODUCTION])
def test_w9_debug_is_refused_where_it_counts(
    monkeypatch: pytest.MonkeyPatch, sqlite_url: str, environment: Environment
) -> None:
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    settings = replace(load_settings(), flask_env=environment, secret_key=KEY)
    monkeypatch.setenv("FLASK_DEBUG", "1")
    with pytest.raises(ConfigurationError, match="FLASK_DEBUG"):
        create_app(settings)


def test_a_schema_of_an_older_release_is_said_to_be_so(make_app: MakeApp, database_url: str) -> None:
    """F11: the code cannot run on it; the page names the command that shows what is pending."""
    parameters = parse_url(database_url)
    make_database_file(parameters)
    migrate(parameters, known_revisions()[0].id, applied_by="test")
    answer = Visitor(make_app(database_url)).sign_in()
    assert answer.status_code == 503
    assert "The database is not ready" in answer.text and "manage_db.py status" in answer.text
