"""Health: the verdict on a real server of each kind that is well, lacks something, or lets nobody in."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import pytest

from core.settings import Settings
from database.adapters.base import Capability
from database.revisions import known_revisions
from features.health import Status, check_health
from tests.features.conftest import Configure, found, well_but_for
from tests.servers import PrivateServer, Server


def renamed(url: str, **changes: str) -> str:
    """`url` with another user, password or database."""
    parts = urlsplit(url)
    user, password = changes.get("user", parts.username), changes.get("password", parts.password)
    place = f"{user}:{password}@{parts.hostname}:{parts.port}"
    return urlunsplit(parts._replace(netloc=place, path=changes.get("path", parts.path)))


# What a well one says


@pytest.mark.every_server
def test_a_fresh_schema_is_healthy(settings: Settings) -> None:
    report = check_health(settings)
    assert well_but_for(report), report
    names = [check.name for check in report.checks]
    assert names[:5] == ["connection", "query", "tables", "migrations", "rows"]
    assert names[-1] == "backup_disk"
    assert len(set(names)) == len(names)
    assert all(check.value and check.milliseconds >= 0 for check in report.checks)
    assert not [check for check in report.checks if check.hint and check.status is Status.HEALTHY]


def test_nothing_is_made(settings: Settings, tmp_path: Path) -> None:
    """Not even the folder of the backups."""
    before = sorted(tmp_path.rglob("*"))
    check_health(settings)
    assert sorted(tmp_path.rglob("*")) == before


# The schema


def test_an_empty_database_is_unhealthy(configure: Configure, database_url: str) -> None:
    report = check_health(configure(database_url))
    assert report.status is Status.UNHEALTHY
    assert "manage_db.py init" in found(report, "tables").hint
    assert "manage_db.py init" in found(report, "migrations").hint


@pytest.mark.every_server
def test_a_missing_table_is_named(settings: Settings, server: Server, database_url: str) -> None:
    server.execute(database_url, "DROP TABLE user_log")
    report = check_health(settings)
    assert report.status is Status.UNHEALTHY
    assert "user_log" in found(report, "tables").value
    assert well_but_for(report, "tables")


def test_a_pending_migration_is_degraded(settings: Settings, server: Server, database_url: str) -> None:
    server.execute(database_url, "DELETE FROM alembic_version")
    report = check_health(settings)
    assert report.status is Status.DEGRADED
    assert found(report, "migrations").value.startswith(f"{len(known_revisions())} pending")
    assert well_but_for(report, "migrations")


def test_a_newer_database_is_unhealthy(settings: Settings, server: Server, database_url: str) -> None:
    server.execute(database_url, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    check = found(check_health(settings), "migrations")
    assert (check.status, "ffffffffffff" in check.value) == (Status.UNHEALTHY, True)
    assert check.hint


# Not let in


@pytest.mark.every_server
@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_wrong_password_is_unhealthy(configure: Configure, database_url: str) -> None:
    report = check_health(configure(renamed(database_url, password="geheim-42")))
    assert report.status is Status.UNHEALTHY
    assert [check.name for check in report.checks] == ["connection", "backup_disk"]
    assert report.checks[0].hint
    assert "geheim-42" not in repr(report)


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_missing_database_is_unhealthy(configure: Configure, database_url: str) -> None:
    report = check_health(configure(renamed(database_url, path="/no_such_database")))
    assert report.status is Status.UNHEALTHY
    assert "no_such_database" in report.checks[0].value


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_stopped_server_is_unhealthy(configure: Configure, private_server: PrivateServer) -> None:
    settings = configure(private_server.server.admin_url)
    private_server.kill()
    report = check_health(settings)
    assert report.status is Status.UNHEALTHY
    assert [check.name for check in report.checks] == ["connection", "backup_disk"]


def test_a_missing_file_is_unhealthy_and_not_made(configure: Configure, sqlite_url: str) -> None:
    settings = configure(sqlite_url)
    check = found(check_health(settings), "connection")
    assert (check.status, "manage_db.py init" in check.hint) == (Status.UNHEALTHY, True)
    assert not Path(settings.database.database).exists()


def test_a_file_that_is_not_sqlite_is_unhealthy(configure: Configure, tmp_path: Path) -> None:
    file = tmp_path / "letters.db"
    file.write_bytes(b"not a database, " * 100)
    report = check_health(configure(f"sqlite:///{file}"))
    assert report.status is Status.UNHEALTHY
    assert "letters.db" in found(report, "connection").value
    assert file.read_bytes() == b"not a database, " * 100


def test_memory_cannot_be_checked_from_outside(configure: Configure) -> None:
    assert check_health(configure("sqlite:///:memory:")).status is Status.DEGRADED
