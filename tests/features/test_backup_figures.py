"""What is told of backups: part by part in a list, day by day in a month, and how a database stands."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from core.backup_levels import DAMAGED, Level
from core.clock import utc_now
from core.errors import InvalidInput, NotFound
from core.settings import Settings
from database.context import application_context
from database.transactions import transaction
from features.backups import (
    BackupFacts,
    backup_sizes,
    calendar,
    list_backups,
    open_download,
    read_backup,
    summarise,
)
from models import Backup, OperationRecord
from tests.features.backing import add_backup, days_of
from tests.features.restoring import back_up


@pytest.fixture
def console(settings: Settings, tmp_path: Path) -> Settings:
    """A console with a folder for backups, on each kind of server."""
    return replace(settings, backup_dir=tmp_path / "backups")


def test_the_list_is_read_part_by_part(console: Settings) -> None:
    moment = utc_now() - timedelta(days=1)
    with application_context(console):
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


def test_the_list_by_proof(console: Settings) -> None:
    levels = [*Level, DAMAGED]
    with application_context(console):
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


def test_the_days_of_a_month(console: Settings) -> None:
    """Monday, June 1 to Sunday, July 5, 2026."""
    with application_context(console):
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
def test_what_is_no_month_is_refused(console: Settings, year: int, month: int) -> None:
    with application_context(console), pytest.raises(InvalidInput):
        calendar("", year, month)


def test_how_a_database_stands(console: Settings) -> None:
    with application_context(replace(console, backup_target_hours=24)):
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


def test_the_sizes_over_time_hold_those_that_are_gone(console: Settings) -> None:
    with application_context(console):
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
