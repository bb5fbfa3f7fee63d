"""A database that hangs: its machine takes what we send and nothing ever comes back. Every page says so
within 5 s, no thread is kept, and all is as before once it goes on."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from database import engine
from database.adapters.base import Capability
from models import db
from tests.servers import PrivateServer
from tests.web.conftest import MakeApp
from tests.web.visitor import Visitor, add_first_admin

LIMIT = 5.0
SLACK = 3.0  # for a machine that is busy

pytestmark = pytest.mark.requires(Capability.SESSIONS)


@contextmanager
def hanging(private_server: PrivateServer) -> Iterator[None]:
    private_server.pause()
    try:
        yield
    finally:
        private_server.resume()


def test_every_page_says_so_in_time(make_app: MakeApp, private_server: PrivateServer) -> None:
    console = make_app(private_server.server.create_database("console"), db_connect_timeout=5.0)
    add_first_admin(console)
    visitors = [Visitor(console) for _ in range(8)]
    for visitor in visitors:
        assert visitor.sign_in().status_code == 303
    assert visitors[0].get("/readyz").text == "ready\n"

    def look(visitor: Visitor) -> tuple[int, float]:
        began = time.monotonic()
        return visitor.get("/").status_code, time.monotonic() - began

    with hanging(private_server), ThreadPoolExecutor(8) as threads:
        # The first ones still trust the yes of a moment ago, and meet the hang in the pool.
        for _ in range(2):
            for status, seconds in threads.map(look, visitors):
                assert status == 503
                assert seconds < LIMIT + SLACK
        assert visitors[0].get("/readyz").status_code == 503
        assert visitors[0].get("/sign-in").status_code == 200
        assert visitors[0].get("/healthz").status_code == 200
    assert visitors[0].get("/").status_code == 200


def test_a_statement_under_way_is_given_up(
    make_app: MakeApp, private_server: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ANSWER_PATIENCE", 1.0)
    console = make_app(private_server.server.create_database("console"))
    with console.app_context(), db.engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        began = time.monotonic()
        with hanging(private_server), pytest.raises(DBAPIError) as caught:
            connection.execute(text("SELECT 2"))
        assert time.monotonic() - began < 1 + SLACK
        assert caught.value.connection_invalidated


def test_what_answers_in_time_is_not_cut(
    make_app: MakeApp, private_server: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ANSWER_PATIENCE", 2.0)
    console = make_app(private_server.server.create_database("console"))
    with console.app_context(), db.engine.connect() as connection:
        for _ in range(3):
            sleep = "pg_sleep" if private_server.server.dialect == "postgresql" else "sleep"
            connection.execute(text(f"SELECT {sleep}(1)"))
        connection.commit()


def test_readiness_learns_from_a_page_that_fails(make_app: MakeApp, private_server: PrivateServer) -> None:
    console = make_app(private_server.server.create_database("console"))
    add_first_admin(console)
    visitor = Visitor(console)
    visitor.sign_in()
    assert visitor.get("/readyz").status_code == 200
    private_server.stop()
    assert visitor.get("/").status_code == 503
    assert visitor.get("/readyz").status_code == 503
