"""Made-up facts of backups for the styleguide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from core.backup_levels import Level
from features.backups import BackupFacts, CalendarDay
from web.calendar import Month, YearMonth, month_of
from web.recovery import RecoveryLine, recovery_line

_WEEK = 7
_TARGET = 24 * 3600
_ID = "0" * 26


def sample_month(today: date, here: str) -> Month:
    """The weeks around `today`, one day failed, one chosen; every day leads `here`."""
    return month_of(
        YearMonth.of(today),
        _days(today),
        today,
        selected=today - timedelta(days=1),
        address_of=lambda day: here if day.best or day.failed else "",
        month_address=lambda _: here,
    )


def sample_recovery_line(at: datetime) -> RecoveryLine:
    """Three days with four backups, of which the newest verified is past its target."""
    ages = ((12.5, Level.READABLE), (36.5, Level.EQUAL), (51.2, Level.INTACT), (60.5, Level.HEALTHY))
    backups = [_backup(at - timedelta(hours=hours), level) for hours, level in ages]
    return recovery_line(backups, _TARGET, True, at)


def sample_evidence(at: datetime) -> tuple[tuple[str, datetime, str, str, bool], ...]:
    """Title, time, words, identifier and whether it was met, of each level that was looked at."""
    words = (
        ("Stored", 7, "8.39 GB, synced to disk, SHA-256", "5d18e0a94c7b…", True),
        ("Intact", 6, "Read again from storage, hash matches", "", True),
        ("Readable", 4, "Decoded whole: 1,284 entries, 0 errors", "", True),
        ("Restored", 2, "Table user_log: the restore stopped at row 1,204,118", "", False),
    )
    return tuple((title, at - timedelta(minutes=ago), *rest) for title, ago, *rest in words)  # type: ignore[misc]


def _days(today: date) -> Iterator[CalendarDay]:
    levels = (Level.EQUAL, Level.EQUAL, Level.RESTORED, Level.EQUAL, Level.HEALTHY, Level.EQUAL, Level.EQUAL)
    first = today - timedelta(days=today.weekday() + 2 * _WEEK)
    for place in range(4 * _WEEK):
        day = first + timedelta(days=place)
        best: str = levels[place % _WEEK] if day < today else Level.READABLE if day == today else ""
        if place == 2:
            best = ""
        count = 3 if place == 8 else int(bool(best))
        yield CalendarDay(day, day.month == today.month, best, _ID, count, int(place == 2))


def _backup(at: datetime, level: Level) -> BackupFacts:
    words = ("name", "database", "origin", "reason", "made_by", "note", "operation_id", "dialect", "server")
    empty = dict.fromkeys((*words, "tool", "revision", "storage", "file", "sha256", "encrypted_to"), "")
    return BackupFacts(
        id=f"{at:%Y%m%d%H%M%S}",
        taken_at=at,
        level=level,
        is_own=True,
        database_id=None,
        size=8_390_000_000,
        data_size=None,
        table_count=26,
        row_count=61_203_488,
        is_whole=True,
        has_contents=True,
        seconds=249.0,
        restore_seconds=1452.0,
        proven_at=at,
        is_pinned=False,
        **empty,
    )
