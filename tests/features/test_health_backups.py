"""What health says of backups: a dead man's switch, where a target is set (TRUST B6, F12; SPEC section 5)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.actor import Role
from core.backup_levels import DAMAGED, Level
from core.clock import utc_now
from core.naming import fold
from core.settings import Settings
from database.context import application_context
from database.transactions import transaction
from features.attention import read_attention
from features.backup_figures import summarise
from features.console_checks import check_console
from features.health import Check, Status, check_health
from features.reasons import reasons_of
from models import OperationRecord, RegisteredDatabase
from tests.features.backing import add_backup
from tests.features.conftest import found
from tests.servers import Server


def test_without_a_target_nothing_is_said(settings: Settings) -> None:
    with application_context(settings):
        add_backup("own", days=300, is_own=True)
        assert not [check for check in check_health(settings).checks if check.name == "backup"]


@pytest.mark.parametrize(
    ("backups", "status", "value"),
    [
        ((), Status.DEGRADED, "no backup yet, target 24 h"),
        (((0.1, Level.READABLE),), Status.DEGRADED, "none verified yet, target 24 h"),
        (((0.5, Level.EQUAL),), Status.HEALTHY, "newest verified 12 h 0 min old, target 24 h"),
        (
            ((0.1, DAMAGED), (2, Level.HEALTHY)),
            Status.DEGRADED,
            "newest verified 48 h 0 min old, target 24 h",
        ),
        (((0.1, Level.RESTORED), (1.5, Level.EQUAL)), Status.DEGRADED, "newest verified 36 h 0 min old"),
    ],
)
def test_the_newest_verified_counts(
    settings: Settings, backups: tuple[tuple[float, str], ...], status: Status, value: str
) -> None:
    settings = replace(settings, backup_target_hours=24)
    with application_context(settings):
        add_backup("shop", is_own=False)
        for days, level in backups:
            add_backup("own", days=days, level=level, is_own=True)
        check = found(check_health(settings), "backup")
    assert (check.status, check.value[: len(value)]) == (status, value)
    assert bool(check.hint) == (status is Status.DEGRADED)


def test_a_part_brings_no_database_back(settings: Settings) -> None:
    """Neither for health nor for the figures does one table stand for all of them."""
    settings = replace(settings, backup_target_hours=24)
    with application_context(settings):
        for days, is_whole in ((2, True), (0.1, False)):
            add_backup(settings.database.name, days=days, is_own=True, is_whole=is_whole)
        check = found(check_health(settings), "backup")
        attention, summary = read_attention(), summarise(settings.database.name)
    assert check.value == "newest verified 48 h 0 min old, target 24 h"
    assert check.hint.startswith("Back up now")
    assert attention.newest_verified_at and utc_now() - attention.newest_verified_at > timedelta(days=2)
    assert summary.verified_age and summary.verified_age > timedelta(days=2).total_seconds()


def test_what_retention_let_go_does_not_count(settings: Settings) -> None:
    settings = replace(settings, backup_target_hours=24)
    with application_context(settings):
        gone = add_backup("own", is_own=True)
        add_backup("own", is_own=True, removed_at=gone.taken_at)
        assert found(check_health(settings), "backup").status is Status.HEALTHY


def test_a_schema_from_before_is_told_by_another_check(
    settings: Settings, server: Server, database_url: str
) -> None:
    for table in ("backup_evidence", "replacement", "backup"):
        server.execute(database_url, f"DROP TABLE {table}")
    report = check_health(replace(settings, backup_target_hours=24))
    assert not [check for check in report.checks if check.name == "backup"]
    assert "backup" in found(report, "tables").value


def test_damaged_backups_are_named(settings: Settings) -> None:
    with application_context(settings):
        assert not of_backups()
        damaged = add_backup(level=DAMAGED)
        [check] = of_backups()
        assert (check.status, damaged.name in check.value) == (Status.DEGRADED, True)
        [reason] = reasons_of([check], 0, Role.VIEWER)
        assert reason.what == "Backups are damaged, failed or too old"


def test_a_backup_that_failed_is_told_until_one_succeeds(settings: Settings) -> None:
    """Without a target, too; not of a database that was removed."""
    states = ("failed", "cancelled"), ("interrupted",), ("failed",), ("failed", "succeeded")
    with application_context(settings):
        for name, ends in zip(("Shop", "blog", "gone", "well"), states, strict=True):
            with transaction() as session:
                session.add_all([attempt(name, number, state) for number, state in enumerate(ends)])
                session.add_all([registered(name)] if name != "gone" else [])
        [check] = of_backups()
    said, names = check.value.split(": ")
    assert said == "the last one failed" and {*names.split(", ")} == {"blog", "Shop"}


def attempt(database: str, number: int, state: str) -> OperationRecord:
    return OperationRecord(
        id=f"{database}{number}".rjust(26, "0"),
        kind="backup.create",
        title=f"Back up {database}",
        target=fold(database),
        state=state,
        actor="ada",
        through="cli",
        created_at=utc_now(),
    )


def test_registered_databases_have_the_same_target(settings: Settings) -> None:
    with application_context(replace(settings, backup_target_hours=24)):
        with transaction() as session:
            for name in ("blog", "never", "shop"):
                session.add(registered(name))
        add_backup("blog", days=0.5, database_id="blog".ljust(26, "0"))
        add_backup("shop", days=2, database_id="shop".ljust(26, "0"))
        [check] = of_backups()
    assert check.value == "none verified that is new enough: shop"


def of_backups() -> list[Check]:
    return [check for check in check_console() if check.name == "backups"]


def registered(name: str) -> RegisteredDatabase:
    return RegisteredDatabase(
        id=name.ljust(26, "0"),
        name=name,
        environment="testing",
        dialect="sqlite",
        database_name=f"{name}.db",
        created_by="ada",
    )
