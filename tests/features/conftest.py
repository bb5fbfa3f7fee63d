"""The settings of a program whose database a test chose, and what a health report says of one check."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.settings import Settings, load_settings
from features.health import Check, HealthReport, Status
from tests.features import restoring
from tests.servers import Server

TIMEOUT = 2.0
Configure = Callable[..., Settings]


@pytest.fixture
def configure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Configure:
    """`configure(url, **changes)`: the settings of a program that runs in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def settings(url: str, **changes: object) -> Settings:
        monkeypatch.setenv("DATABASE_URL", url)
        return replace(load_settings(), **{"db_connect_timeout": TIMEOUT, **changes})  # type: ignore[arg-type]

    return settings


@pytest.fixture
def settings(configure: Configure, schema_url: str) -> Settings:
    """Those of a database with the schema in place."""
    return configure(schema_url)


def found(report: HealthReport, name: str) -> Check:
    """The check of that name."""
    return next(check for check in report.checks if check.name == name)


def well_but_for(report: HealthReport, *names: str) -> bool:
    """True when every check but those is healthy; the disks of whoever runs this do not count."""
    rest = [check for check in report.checks if check.name not in names and "disk" not in check.name]
    return all(check.status is Status.HEALTHY for check in rest)


@pytest.fixture
def shop(
    configure: Configure, sqlite_schema_url: str, tmp_path: Path, server: Server, database_url: str
) -> Iterator[Settings]:
    """A console on SQLite that backs up, with a small shop registered on each kind of server."""
    settings = restoring.able(configure(sqlite_schema_url), server, tmp_path)
    restoring.fill(server, database_url)
    yield restoring.registered(settings, database_url)
    restoring.drop_beside(server, database_url)


@pytest.fixture
def own(configure: Configure, server: Server, schema_url: str, tmp_path: Path) -> Iterator[Settings]:
    """A console on each kind of server, with two users."""
    settings = restoring.able(configure(schema_url), server, tmp_path)
    restoring.add_users(settings, "ada", "bob")
    yield settings
    restoring.drop_beside(server, schema_url)
