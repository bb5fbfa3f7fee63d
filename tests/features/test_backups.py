"""Backups taken: whole or not at all, whatever happens on the way, and told in lists, months and figures
(TRUST B3, B5, F7, F8, F10, F14)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core import failpoints
from core.backup_levels import DAMAGED, Level
from core.clock import utc_now
from core.errors import (
    BackupError,
    InvalidInput,
    NotFound,
    OperationCancelled,
    SignInRefused,
    TargetBusy,
    ToolMissing,
)
from core.progress import Operation
from core.settings import Settings
from database.adapters.base import Capability
from database.backup_folder import BackupFolder
from database.context import application_context
from database.transactions import transaction
from features.backups import (
    BackupFacts,
    backup_sizes,
    calendar,
    create_backup,
    list_backups,
    open_download,
    read_backup,
    summarise,
)
from features.credentials import Keyring
from features.database_rows import place_of
from models import Backup, OperationRecord, RegisteredDatabase
from operations.runner import Runner
from tests.features.backing import add_backup, days_of
from tests.features.restoring import ADMIN, BOOKS, back_up, leftovers, run

At = Callable[[str, Callable[[], None]], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """`at(failpoint, happen)`: what happens once the work of this process comes there."""

    def listen(name: str, happen: Callable[[], None]) -> None:
        monkeypatch.setattr(failpoints, "_listeners", [lambda there: happen() if there == name else None])

    return listen


# Taken


def test_a_backup_is_stored_described_and_written_down(shop: Settings) -> None:
    made = back_up(shop)
    with application_context(shop):
        details = read_backup(made.name)
        assert details.backup == read_backup(made.id).backup == made
        [stored] = details.evidence
    assert (made.database, made.level, made.reason, made.made_by) == ("shop", "stored", "by hand", "ada")
    assert made.row_count == BOOKS + 2
    assert made.table_count == 2
    assert (stored.level, stored.is_met, stored.operation_id) == (Level.STORED, True, made.operation_id)
    assert made.sha256 in stored.details
    assert details.manifest and not details.fault
    assert {table.name.rpartition(".")[2]: table.rows for table in details.manifest.inventory.tables} == {
        "book": BOOKS,
        "shelf": 2,
    }
    files = BackupFolder(shop.backup_dir).list()
    assert {file.name for file in files} >= {made.file, f"{made.name}.manifest.json"}
    assert all(file.name.startswith(f"{made.name}.") for file in files)
    assert {path.stat().st_mode & 0o077 for path in [shop.backup_dir, *shop.backup_dir.iterdir()]} == {0}


def test_the_operation_is_named_by_the_database_and_tells_the_backup(shop: Settings) -> None:
    made = back_up(shop)
    with application_context(shop), transaction() as session:
        operation = session.get_one(OperationRecord, made.operation_id)
        assert (operation.title, operation.target, operation.state) == ("Back up shop", "shop", "succeeded")
    assert made.id == made.operation_id


def test_one_table_alone(shop: Settings) -> None:
    with application_context(shop):
        whole = read_backup(back_up(shop).id).manifest
    assert whole
    [table] = [one.name for one in whole.inventory.tables if one.name.endswith("shelf")]
    made = run(shop, create_backup, "shop", made_by="ada", tables=[table], contents=False)
    with application_context(shop):
        manifest = read_backup(made.id).manifest
    assert manifest and [one.name for one in manifest.inventory.tables] == [table]
    assert manifest.selection == (table,)
    assert not any(one.content for one in manifest.inventory.tables)


def test_a_table_that_is_not_there_is_told(shop: Settings) -> None:
    with pytest.raises(NotFound):
        run(shop, create_backup, "shop", made_by="ada", tables=["nothing"])
    assert nothing_is_there(shop)


def test_the_consoles_own_database(shop: Settings) -> None:
    made = back_up(shop, shop.database.name)
    assert (made.is_own, made.database_id, made.database) == (True, None, shop.database.name)
    assert made.revision


def test_within_one_operation_one_backup_is_made(shop: Settings) -> None:
    """What is begun again after its row was written makes no second one (TRUST I4)."""
    op = Operation()
    with application_context(shop):
        first = create_backup(op, "shop", made_by="ada")
        assert create_backup(op, "SHOP", made_by="ada") == first
        assert create_backup(op, shop.database.name, made_by="ada").id != first.id
        assert list_backups().counts.all == 2


@pytest.mark.parametrize("wrong", [{"reason": "for fun"}, {"note": "x" * 1001}])
def test_what_cannot_be_written_down_is_refused_before(shop: Settings, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        run(shop, create_backup, "shop", made_by="ada", **wrong)


# What stands in its way


def test_a_folder_that_is_none_is_told_before_the_dump(shop: Settings, tmp_path: Path, at: At) -> None:
    """TRUST F8."""
    (tmp_path / "file").touch()
    at("archive.begun", lambda: pytest.fail("the dump had begun"))
    with pytest.raises(BackupError, match="is not a folder|cannot be written"):
        back_up(replace(shop, backup_dir=tmp_path / "file"))


def test_a_disk_without_room_for_another_is_told_before_the_dump(shop: Settings, at: At) -> None:
    """TRUST F7: the older ones stay."""
    with application_context(shop):
        add_backup("shop", size=10**18)
    at("archive.begun", lambda: pytest.fail("the dump had begun"))
    with pytest.raises(BackupError, match="too full: .* free, .* needed"):
        back_up(shop)
    with application_context(shop):
        assert list_backups().counts.all == 1


@pytest.mark.requires(Capability.SESSIONS)
def test_a_missing_program_is_told(shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """TRUST F14."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing):
        back_up(replace(shop, client_tools_path=str(tmp_path)))
    assert nothing_is_there(shop)


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_password_that_is_no_longer_right_is_told(shop: Settings) -> None:
    with application_context(shop), transaction() as session:
        row = session.scalars(select(RegisteredDatabase)).one()
        row.password = Keyring(shop).encrypt("changed since", place_of(row.id))
    with pytest.raises(SignInRefused):
        back_up(shop)
    assert nothing_is_there(shop)


def test_a_second_one_at_once_is_told_who_holds_the_database(shop: Settings) -> None:
    """TRUST F10."""
    id = Runner(ADMIN, shop).submit(create_backup, "shop", made_by="ada")
    with pytest.raises(TargetBusy) as busy:
        back_up(shop)
    assert busy.value.http_status == 409
    assert busy.value.holder and busy.value.holder.operation_id == id


@pytest.mark.parametrize("name", ["archive.begun", "archive.written", "archive.synced"])
def test_a_cancel_leaves_nothing(shop: Settings, at: At, name: str) -> None:
    asked: list[bool] = []
    at(name, lambda: asked.append(True))
    with pytest.raises(OperationCancelled):
        Runner(ADMIN, shop, cancelled=lambda: bool(asked)).run(create_backup, "shop", made_by="ada")
    assert nothing_is_there(shop)
    at("", lambda: None)
    back_up(shop)


@pytest.mark.parametrize("name", ["archive.synced", "archive.renamed", "backup.described"])
def test_a_failure_at_the_last_moment_leaves_nothing(shop: Settings, at: At, name: str) -> None:
    def fail() -> None:
        raise BackupError("The disk is gone.")

    at(name, fail)
    with pytest.raises(BackupError, match="gone"):
        back_up(shop)
    assert nothing_is_there(shop)


def nothing_is_there(shop: Settings) -> bool:
    """No file, no row, nothing on the server."""
    files = [path for path in shop.backup_dir.rglob("*") if path.is_file()]
    with application_context(shop):
        return not files and not list_backups().backups and not leftovers(shop)


# Told


def test_the_list_is_read_part_by_part(shop: Settings) -> None:
    moment = utc_now() - timedelta(days=1)
    with application_context(shop):
        made = [add_backup("shop", taken_at=moment) for _ in range(3)]
        made += [add_backup("shop", days=days) for days in (2, 3)]
        add_backup("other", days=2.5)
        found: list[BackupFacts] = []
        cursor = ""
        for _ in range(3):
            page = list_backups("Shop", cursor=cursor, limit=2)
            found += page.backups
            cursor = page.next_cursor
        assert not cursor
        assert [one.id for one in found] == [
            one.id for one in sorted(made, key=lambda one: (one.taken_at, one.id), reverse=True)
        ]
        assert page.counts.all == 5
        assert list_backups().counts.all == 6


def test_the_list_by_proof(shop: Settings) -> None:
    levels = [*Level, DAMAGED]
    with application_context(shop):
        for days, level in enumerate(levels):
            add_backup("shop", days=days, level=level)
        add_backup("shop", removed_at=utc_now())
        counts = list_backups().counts
        assert (counts.all, counts.verified, counts.not_verified, counts.damaged) == (7, 2, 4, 1)
        assert [one.level for one in list_backups(proof="verified").backups] == ["equal", "healthy"]
        assert [one.level for one in list_backups(proof="damaged").backups] == [DAMAGED]
        assert len(list_backups(proof="not_verified").backups) == 4
        with pytest.raises(InvalidInput):
            list_backups(proof="so so")
        for wrong in ("1", "9" * 40, "\x00", f"{10**17}-{'0' * 26}"):
            with pytest.raises(InvalidInput):
                list_backups(cursor=wrong)


@pytest.mark.parametrize("name", ["", "\x00", "no-such", "../../etc/passwd", "x" * 5000, "shop%"])
def test_what_is_not_there_is_not_found(shop: Settings, name: str) -> None:
    back_up(shop)
    with application_context(shop), pytest.raises(NotFound):
        read_backup(name)


def test_a_download_is_what_is_stored(shop: Settings) -> None:
    made = back_up(shop)
    with application_context(shop):
        download = open_download(made.name)
        with closing(download.stream) as stream:
            content = stream.read()
    assert (download.name, download.sha256, download.size) == (made.file, made.sha256, len(content))
    assert content == (shop.backup_dir / made.file).read_bytes()


def test_the_days_of_a_month(shop: Settings) -> None:
    """Monday, June 1 to Sunday, July 5, 2026."""
    with application_context(shop):
        for day, level in ((9, "intact"), (9, "equal"), (9, DAMAGED), (30, DAMAGED)):
            add_backup("shop", taken_at=datetime(2026, 6, day, 23, 59, tzinfo=UTC), level=level)
        add_backup("other", taken_at=datetime(2026, 6, 9, tzinfo=UTC))
        with transaction() as session:
            session.add_all([failed(datetime(2026, 6, 10, 2, tzinfo=UTC), state) for state in _ENDS])
        days = calendar("shop", 2026, 6)
        assert calendar("", 2026, 6)[8].count == 4
    assert (days[0].day, days[-1].day, len(days)) == (date(2026, 6, 1), date(2026, 7, 5), 35)
    assert [day.day.day for day in days if not day.is_in_month] == [1, 2, 3, 4, 5]
    ninth, tenth, last = days[8], days[9], days[29]
    assert (ninth.best, ninth.count, ninth.more, ninth.failed) == ("equal", 3, 2, 0)
    assert (tenth.best, tenth.count, tenth.more, tenth.failed) == ("", 0, 0, 2)
    assert (last.best, last.count) == (DAMAGED, 1)


@pytest.mark.parametrize(("year", "month"), [(2026, 0), (2026, 13), (0, 1), (10000, 1), (9999, 12)])
def test_what_is_no_month_is_refused(shop: Settings, year: int, month: int) -> None:
    with application_context(shop), pytest.raises(InvalidInput):
        calendar("", year, month)


def test_how_a_database_stands(shop: Settings) -> None:
    with application_context(replace(shop, backup_target_hours=24)):
        empty = summarise("shop")
        assert (empty.newest, empty.verified_age, empty.is_overdue, empty.attempts) == (None, None, True, 0)
        for days, level in ((0.1, "readable"), (0.2, DAMAGED), (2, "equal"), (3, "healthy"), (50, "equal")):
            add_backup("shop", days=days, level=level)
        with transaction() as session:
            session.add_all([failed(utc_now(), state) for state in _ENDS])
        found = summarise("shop")
    assert found.newest and found.newest.level == "readable"
    assert found.newest_verified and days_of([found.newest_verified]) == [2]
    assert (found.target_seconds, found.is_overdue) == (86400, True)
    assert (found.verified, found.not_yet, found.damaged, found.failed) == (2, 1, 1, 2)
    assert (found.count, found.stored_bytes) == (5, 5000)
    assert found.free_bytes and not found.clock_fault
    assert found.restore_seconds is None


def test_the_sizes_over_time_hold_those_that_are_gone(shop: Settings) -> None:
    with application_context(shop):
        add_backup("shop", days=20, size=1, removed_at=utc_now())
        add_backup("shop", days=10, size=2, data_size=7)
        add_backup("shop", days=40, size=3)
        assert [(one.size, one.data_size) for one in backup_sizes("shop", 30)] == [(1, None), (2, 7)]


_ENDS = ("failed", "interrupted", "cancelled", "succeeded", "queued")


def failed(moment: datetime, state: str) -> OperationRecord:
    return OperationRecord(
        id=f"{_ENDS.index(state)}".rjust(26, "0"),
        kind="backup.create",
        title="Back up shop",
        target="shop",
        state=state,
        actor="ada",
        through="cli",
        created_at=moment,
    )


def test_no_row_of_a_backup_holds_a_model(shop: Settings) -> None:
    """Facts outlive their context."""
    made = back_up(shop)
    assert not isinstance(made, Backup)
    assert made.kept_until(30) == made.taken_at + timedelta(days=30)
