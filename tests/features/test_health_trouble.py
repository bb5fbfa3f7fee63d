"""Health when something hangs, crawls, is locked or crashes: the check ends in time and says what it was."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import replace

import pytest

from core.clock import utc_now
from core.settings import Settings
from database.adapters.base import Capability
from features.health import HealthReport, Status, check_environment, check_health
from features.health_checks import QUESTIONS, Session
from features.health_report import Check, report_of
from tests.features.conftest import TIMEOUT, Configure, found, well_but_for
from tests.features.relay import black_hole, relayed
from tests.servers import PrivateServer, Server
from tests.servers.server import connect

LIMIT = TIMEOUT + 2  # SPEC section 5, issue item 7
LOCKS = {
    "postgresql": ("BEGIN", "LOCK TABLE user_log IN ACCESS EXCLUSIVE MODE"),
    "mysql": ("LOCK TABLES user_log WRITE",),
    "mariadb": ("LOCK TABLES user_log WRITE",),
}


def in_time(settings: Settings) -> HealthReport:
    began = time.monotonic()
    report = check_health(settings)
    assert time.monotonic() - began < LIMIT
    return report


@pytest.mark.parametrize("scheme", ["postgresql", "mysql", "mariadb"])
def test_a_black_holed_host(configure: Configure, scheme: str) -> None:
    with black_hole() as port:
        report = in_time(configure(f"{scheme}://user:secret@127.0.0.1:{port}/shop"))
    assert report.status is Status.UNHEALTHY
    assert "did not answer" in found(report, "connection").value
    assert found(report, "backup_disk").value


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_server_that_hangs(configure: Configure, private_server: PrivateServer) -> None:
    settings = configure(private_server.server.admin_url)
    private_server.pause()
    try:
        report = in_time(settings)
    finally:
        private_server.resume()
    assert report.status is Status.UNHEALTHY
    assert "did not answer" in found(report, "connection").value


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_server_that_falls_silent_half_way(
    settings: Settings, configure: Configure, database_url: str
) -> None:
    """The check that hangs is named, those before it keep what they found, those behind are left out."""
    with relayed(database_url, silent_after=b"alembic_version ORDER") as url:
        report = in_time(configure(f"{url}?sslmode=disable"))  # the relay must be able to read
    assert [check.name for check in report.checks] == [
        *("connection", "query", "tables", "migrations"),
        "backup_disk",
    ]
    assert found(report, "tables").status is Status.HEALTHY
    assert found(report, "migrations").status is Status.UNHEALTHY
    # The driver gives up by itself, or the check's own limit comes first, or the deadline cuts it.
    assert re.search("no answer|did not answer|was lost", found(report, "migrations").value)


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_connection_that_breaks_is_told_once(
    settings: Settings, configure: Configure, database_url: str
) -> None:
    with relayed(database_url, cut_after=b"alembic_version ORDER") as url:
        report = in_time(configure(f"{url}?sslmode=disable"))
    assert report.status is Status.UNHEALTHY
    assert [check.name for check in report.checks if check.status is Status.UNHEALTHY] == ["migrations"]
    assert report.checks[-2].name == "migrations"


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_slow_connection_is_degraded(settings: Settings, configure: Configure, database_url: str) -> None:
    with relayed(database_url, delay=1.1) as url:
        report = check_health(configure(url, db_connect_timeout=20.0))
    check = found(report, "connection")
    assert (check.status, report.status) == (Status.DEGRADED, Status.DEGRADED)
    assert check.milliseconds > 1000
    assert check.hint


@pytest.mark.requires(Capability.SESSIONS)
def test_a_locked_table_does_not_hold_the_check_up(
    settings: Settings, server: Server, database_url: str
) -> None:
    with locked(database_url, LOCKS[server.dialect]):
        report = in_time(settings)
        patient = check_health(replace(settings, db_connect_timeout=10.0))
    assert well_but_for(report, "rows")
    assert well_but_for(patient, "rows")
    rows = found(patient, "rows")
    assert rows.status is Status.HEALTHY or "lock" in rows.value


def test_a_locked_file(settings: Settings, server: Server, database_url: str) -> None:
    """A writer that shuts everybody out of an SQLite file, as they do without its write-ahead log."""
    if server.dialect != "sqlite":
        pytest.skip("only a file can be locked as a whole")
    with locked(database_url, ("PRAGMA journal_mode = DELETE", "BEGIN EXCLUSIVE")):
        report = in_time(settings)
    assert report.status is Status.UNHEALTHY
    assert "Another process" in found(report, "connection").value


@contextmanager
def locked(url: str, statements: tuple[str, ...]) -> Iterator[None]:
    with closing(connect(url)) as connection:
        cursor = connection.cursor()
        for statement in statements:
            cursor.execute(statement)
        yield


# Connections


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_pool_that_does_not_fit_is_degraded(settings: Settings) -> None:
    check = found(check_health(replace(settings, db_pool_size=100_000)), "pool")
    assert (check.status, "DB_POOL_SIZE" in check.hint) == (Status.DEGRADED, True)


@pytest.mark.requires(Capability.ACCOUNTS)
def test_few_connections_left_is_degraded(configure: Configure, private_server: PrivateServer) -> None:
    url = private_server.server.admin_url
    if private_server.server.dialect != "postgresql":  # where the limit can be lowered at once
        private_server.server.execute(url, "SET GLOBAL max_connections = 10")
    settings = configure(url)
    _, _, allowed, *_ = found(check_health(settings), "pool").value.split()
    with ExitStack() as stack:
        for _ in range(int(int(allowed) * 0.85)):
            stack.enter_context(closing(connect(url)))
        check = found(check_health(settings), "pool")
    assert (check.status, "idle" in check.hint) == (Status.DEGRADED, True)


# A check that cannot run


def crash(session: Session) -> Iterator[Check]:
    raise ZeroDivisionError("password=geheim")
    yield


def test_a_crash_is_an_error_and_stops_nothing_else(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(QUESTIONS, "tables", crash)
    report = check_health(settings)
    assert report.status is Status.ERROR
    assert "ZeroDivisionError" in found(report, "tables").value
    assert "geheim" not in repr(report)
    assert well_but_for(report, "tables")


def test_a_crash_hides_nothing_that_is_broken(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(QUESTIONS, "rows", crash)
    missing = replace(settings, database=replace(settings.database, database="/nowhere"))
    assert check_health(missing).status is Status.UNHEALTHY


def test_faulty_settings_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "oracle://user:geheim@host/shop")
    report = check_environment()
    assert [(check.name, check.status) for check in report.checks] == [("settings", Status.ERROR)]
    assert "DATABASE_URL" in report.checks[0].value
    assert "geheim" not in repr(report)


@pytest.mark.parametrize(
    ("parts", "whole"),
    [
        (("healthy", "healthy"), "healthy"),
        (("healthy", "degraded"), "degraded"),
        (("error", "degraded"), "error"),
        (("error", "unhealthy", "degraded"), "unhealthy"),
    ],
)
def test_the_verdict_is_that_of_the_worst(parts: tuple[str, ...], whole: str) -> None:
    checks = [Check(str(number), Status(part), "") for number, part in enumerate(parts)]
    assert report_of(utc_now(), checks).status == whole
