"""The top bar of every page says which server stands behind it (DESIGN: environment, database, version)."""

from __future__ import annotations

import pytest

from core.errors import ConnectionFailed
from tests.servers import Server
from tests.web.conftest import MakeApp
from tests.web.visitor import Visitor, add_first_admin
from web import server_version
from web.server_version import RememberedVersion


def test_every_page_says_the_version(make_app: MakeApp, server: Server, database_url: str) -> None:
    console = make_app(database_url)
    add_first_admin(console)
    visitor = Visitor(console)
    visitor.sign_in()
    bar = visitor.get("/styleguide").text.partition('class="frame-server">')[2].partition("<")[0]
    product, _, version = bar.partition(" ")
    assert product in ("PostgreSQL", "MySQL", "MariaDB", "SQLite")
    assert server.version.startswith(version)


def test_it_is_asked_once_in_a_while_and_again_after_a_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    moment = 0.0
    monkeypatch.setattr(server_version, "monotonic", lambda: moment)
    answers: list[Exception | str] = [ConnectionFailed("silent"), "PostgreSQL 16.14", "PostgreSQL 16.15"]

    def ask() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    remembered = RememberedVersion(ask)
    moment = 1.0
    assert [remembered.words() for _ in range(3)] == ["", "PostgreSQL 16.14", "PostgreSQL 16.14"]
    moment += server_version.KEEP
    assert remembered.words() == "PostgreSQL 16.15"
