"""Web applications on a fresh database, and people at their browsers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask

from core.clock import utc_now
from core.settings import load_settings
from tests.web.visitor import Visitor, add_first_admin
from web import create_app
from web.auth import CLOCK

KEY = "a key for tests that is long enough to pass"
MakeApp = Callable[..., Flask]


class TestClock:
    """The server's clock, set by the test."""

    __test__ = False

    def __init__(self) -> None:
        self.moment = utc_now()

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **spans: float) -> None:
        self.moment += timedelta(**spans)


@pytest.fixture
def make_app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeApp:
    """`make_app(url, **changes)`: the application that settings with these changes make."""
    monkeypatch.chdir(tmp_path)

    def make(url: str, **changes: object) -> Flask:
        monkeypatch.setenv("DATABASE_URL", url)
        given = {"secret_key": KEY, "db_connect_timeout": 3.0, "db_max_retries": 0, **changes}
        return create_app(replace(load_settings(), **given))  # type: ignore[arg-type]

    return make


@pytest.fixture
def console(make_app: MakeApp, sqlite_schema_url: str) -> Flask:
    """An application with nobody in it. Not called `app`, for then every request of a test would share one
    context, and with it who is signed in."""
    return make_app(sqlite_schema_url)


@pytest.fixture
def clock(console: Flask) -> TestClock:
    """The clock of `console`."""
    console.extensions[CLOCK] = clock = TestClock()
    return clock


@pytest.fixture
def visitor(console: Flask) -> Visitor:
    """Somebody who has not signed in; the admin mvogt exists."""
    add_first_admin(console)
    return Visitor(console)


@pytest.fixture
def admin(visitor: Visitor) -> Visitor:
    """The admin mvogt, signed in."""
    assert visitor.sign_in().status_code == 303
    return visitor
