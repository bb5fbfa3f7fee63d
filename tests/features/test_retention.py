"""Retention: what goes, what never goes, and what a crash in the middle leaves (TRUST B4, F2, F9)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from core import failpoints
from core.backup_levels import DAMAGED, Level
from core.clock import utc_now
from core.errors import InvalidInput
from core.progress import Operation
from core.settings import Settings
from database.backup_folder import BackupFolder
from database.context import application_context
from database.transactions import transaction
from features import retention
from features.backup_rows import BackupFacts
from features.backups import list_backups, pin_backup
from features.retention import is_prune_due, plan_prune, prune_backups
from models import Backup, OperationRecord
from tests.features.backing import add_backup, days_of


@pytest.fixture
def console(settings: Settings, tmp_path: Path) -> Iterator[BackupFolder]:
    """The folder of the backups of a console whose context is active."""
    settings = replace(settings, backup_dir=tmp_path / "backups", backup_retention_days=30)
    with application_context(settings):
        yield BackupFolder(settings.backup_dir)


def test_what_is_past_its_age_goes(console: BackupFolder) -> None:
    for days in (1, 2, 31, 40):
        add_backup(days=days)
    plan = plan_prune()
    assert days_of(one.backup for one in plan.doomed) == [40, 31]
    assert [one.reason for one in plan.doomed] == ["40 days old", "31 days old"]
    assert (plan.days, plan.younger, plan.freed_bytes, plan.halted) == (30, 2, 2000, "")


def test_the_last_two_verified_of_each_database_stay(console: BackupFolder) -> None:
    """TRUST B4; a damaged one does not count."""
    add_backup("other", days=1)
    for days, level in ((60, Level.EQUAL), (50, Level.HEALTHY), (40, Level.EQUAL), (35, Level.RESTORED)):
        add_backup(days=days, level=level)
    add_backup(days=36, level=DAMAGED)
    plan = plan_prune()
    assert days_of(one.backup for one in plan.doomed) == [60, 36]
    assert [one.reason for one in plan.kept] == ["one of the last 2 verified"] * 2 + ["the newest"]


def test_parts_take_no_place_among_the_last_two_verified(console: BackupFolder) -> None:
    """Else two backups of one table let the only one of all tables go."""
    add_backup(days=40)
    for days in (1, 2, 31):
        add_backup(days=days, is_whole=False)
    plan = plan_prune()
    assert days_of(one.backup for one in plan.doomed) == [31]
    assert [one.reason for one in plan.kept] == ["one of the last 2 verified"]


def test_the_newest_that_stays_is_a_whole_one(console: BackupFolder) -> None:
    add_backup(days=40, level=Level.STORED)
    add_backup(days=1, is_whole=False)
    assert [one.reason for one in plan_prune().kept] == ["the newest"]


def test_where_there_are_parts_alone_the_last_two_of_them_stay(console: BackupFolder) -> None:
    add_backup("other", days=1)
    for days in (60, 50, 40):
        add_backup(days=days, is_whole=False)
    assert days_of(one.backup for one in plan_prune().doomed) == [60]


def test_a_pinned_one_stays(console: BackupFolder) -> None:
    old = add_backup(days=90)
    for days in (1, 2):
        add_backup(days=days)
    pin_backup(Operation(), old.id)
    [kept] = plan_prune().kept
    assert (kept.backup.id, kept.reason) == (old.id, "pinned")
    pin_backup(Operation(), old.id, pinned=False)
    assert [one.backup.id for one in plan_prune().doomed] == [old.id]


def test_nothing_goes_while_the_newest_is_damaged(console: BackupFolder) -> None:
    for days in (2, 3, 40):
        add_backup(days=days)
    add_backup(days=1, level=DAMAGED)
    assert not plan_prune().doomed


def test_nothing_goes_that_an_operation_works_with(console: BackupFolder) -> None:
    old = add_backup(days=90)
    for days in (1, 2):
        add_backup(days=days)
    with transaction() as session:
        session.add(operation_row("running", title=f"Restore shop from {old.name}"))
    assert [one.reason for one in plan_prune().kept] == ["in use"]


@pytest.mark.parametrize("ahead", [timedelta(minutes=6), timedelta(days=3650)])
def test_nothing_goes_when_the_clock_was_set_back(console: BackupFolder, ahead: timedelta) -> None:
    """TRUST F9: a backup that was taken in the future says that the clock is wrong now, or was then."""
    for days in (2, 3, 40):
        add_backup(days=days)
    add_backup(days=-ahead / timedelta(days=1))
    plan = prune_backups(Operation())
    assert not plan.doomed
    assert "from now" in plan.halted
    assert list_backups().counts.all == 4


def test_nothing_goes_when_the_clock_has_jumped_ahead(console: BackupFolder) -> None:
    """Then every backup looks old at once, and no newer one is there."""
    for days in (3650, 3651, 3652, 3653):
        add_backup(days=days)
    assert plan_prune().halted
    assert not prune_backups(Operation()).doomed


def test_an_operation_in_the_future_says_so_too(console: BackupFolder) -> None:
    with transaction() as session:
        session.add(operation_row("succeeded", at=utc_now() + timedelta(hours=2)))
    assert "An operation was begun" in plan_prune().halted


def test_fewer_than_one_day_is_refused(console: BackupFolder) -> None:
    with pytest.raises(InvalidInput):
        plan_prune(0)


def test_the_files_lie_in_the_trash_until_their_grace_is_over(
    console: BackupFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = three_of_which_one_is_old(console)
    assert is_prune_due()
    prune_backups(Operation())
    assert [file.name for file in console.list_trash()] == sorted(names_of(old))
    assert not {file.name for file in console.list()} & set(names_of(old))
    assert list_backups().counts.all == 2
    assert not is_prune_due()
    monkeypatch.setattr(retention, "GRACE", timedelta(0))
    assert is_prune_due()
    prune_backups(Operation())
    assert not console.list_trash()


@pytest.mark.parametrize("name", ["prune.marked", "prune.trashed"])
def test_what_a_crash_left_is_put_aside_by_the_next_run(
    console: BackupFolder, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = three_of_which_one_is_old(console)
    stop_at(name, monkeypatch)
    with pytest.raises(Crash):
        prune_backups(Operation())
    monkeypatch.undo()
    assert list_backups().counts.all == 2
    prune_backups(Operation())
    assert [file.name for file in console.list_trash()] == sorted(names_of(old))


def test_no_file_of_another_is_put_aside_for_its_name(console: BackupFolder) -> None:
    """Neither another console's, nor what somebody took out of the trash again."""
    old = three_of_which_one_is_old(console)
    prune_backups(Operation())
    for name in names_of(old):
        (console.path / ".trash" / name).rename(console.path / name)
    prune_backups(Operation())
    assert set(names_of(old)) <= {file.name for file in console.list()}
    (console.path / old.file).write_bytes(b"theirs")
    os.utime(console.path / old.file, (0, 0))
    prune_backups(Operation())
    assert set(names_of(old)) <= {file.name for file in console.list()}


def test_one_that_is_pinned_at_the_last_moment_stays(
    console: BackupFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = three_of_which_one_is_old(console)
    plan = plan_prune()
    pin_backup(Operation(), old.id)
    monkeypatch.setattr(retention, "plan_prune", lambda days: plan)
    assert not prune_backups(Operation()).doomed
    assert set(names_of(old)) <= {file.name for file in console.list()}


class Crash(BaseException):
    """The process ended."""


def stop_at(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(reached: str) -> None:
        if reached == name:
            raise Crash

    monkeypatch.setattr(failpoints, "_listeners", [stop])


def three_of_which_one_is_old(folder: BackupFolder) -> BackupFacts:
    backups = [add_backup(days=days) for days in (40, 2, 1)]
    folder.path.mkdir(mode=0o700)
    for backup in backups:
        for name in names_of(backup):
            (folder.path / name).write_bytes(b"x")
    return backups[0]


def names_of(backup: BackupFacts) -> tuple[str, ...]:
    return backup.file, f"{backup.name}.manifest.json"


def operation_row(state: str, title: str = "Back up shop", at: object = None) -> OperationRecord:
    return OperationRecord(
        id="0" * 26 if at is None else "7" * 26,
        kind="backup.restore",
        title=title,
        target="shop",
        state=state,
        actor="ada",
        through="cli",
        created_at=at or utc_now(),
    )


def test_the_rows_of_what_is_gone_still_tell_its_size(console: BackupFolder) -> None:
    old = three_of_which_one_is_old(console)
    prune_backups(Operation())
    with transaction() as session:
        row = session.get_one(Backup, old.id)
        assert row.removed_at is not None
