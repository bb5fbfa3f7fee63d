"""How the facts of backups are told on pages: days, ages, reasons, and what was not looked at yet."""

from __future__ import annotations

import re
from datetime import datetime

from markupsafe import Markup, escape

from core.backup_levels import Level
from core.text import duration, visible
from features.backups import BackupFacts, BackupSummary
from web.auth import now

_DAY = 24 * 3600
_LONG = 3 * _DAY  # from here on an age is told in days

TITLES = {level: str(level).capitalize() for level in Level}
NOT_SEEN = {
    Level.STORED: "Not yet stored",
    Level.INTACT: "Not yet read again from the storage",
    Level.READABLE: "Not yet decoded whole",
    Level.RESTORED: "Not yet restored into a scratch database",
    Level.EQUAL: "Not yet compared with the manifest",
    Level.HEALTHY: "Indexes and constraints not yet checked",
}
_HASH = re.compile(r"\b([0-9a-f]{64})\b")
_ORIGINS = {"uploaded": "uploaded", "adopted": "adopted"}


def day(at: datetime) -> Markup:
    """The day of a moment: "Dec 19", and the year where it is another one."""
    local = at.astimezone()
    words = f"{local:%b} {local.day}"
    if local.year != now().astimezone().year:
        words = f"{words}, {local.year}"
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(), words)


def dated(at: datetime, seconds: bool = False) -> Markup:
    """A moment by which something is known, with its day though it were today: "Nov 19, 02:00"."""
    local = at.astimezone()
    words = f"{local:%b} {local.day}, "
    if local.year != now().astimezone().year:
        words += f"{local.year}, "
    words += f"{local:%H:%M:%S}" if seconds else f"{local:%H:%M}"
    full = f"{local:%Y-%m-%d %H:%M:%S} {local:%Z}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(at.isoformat(), full, words)


def clock(at: datetime) -> Markup:
    """The time of day alone, for what stands below a full one of the same day."""
    local = at.astimezone()
    full = f"{local:%Y-%m-%d %H:%M:%S} {local:%Z}"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(
        at.isoformat(), full, f"{local:%H:%M:%S}"
    )


def age(seconds: float) -> str:
    """A span in the past: "12 s", "36 h 51 min", "12 d 4 h"."""
    if seconds >= _LONG:
        days, rest = divmod(round(seconds), _DAY)
        return f"{days} d {rest // 3600} h"
    return duration(seconds) if round(seconds) >= 60 else f"{max(0, round(seconds))} s"


def since(at: datetime) -> str:
    """How long ago a moment was."""
    return age((now() - at).total_seconds())


def hours(seconds: float) -> str:
    """A target, which is set in hours: "24 h"."""
    return f"{seconds / 3600:g} h"


def taken_by(backup: BackupFacts) -> str:
    """Why there is this backup, as the column "By" says it."""
    return _ORIGINS.get(backup.origin, backup.reason)


def made(backup: BackupFacts) -> str:
    """Who made it and why, as a sentence begins: "By schedule", "By mvogt", "Before restore, by mvogt"."""
    if backup.is_trusted and backup.reason == "schedule":
        return "By schedule"
    if backup.is_trusted and backup.reason == "by hand":
        return f"By {backup.made_by}"
    return f"{taken_by(backup).capitalize()}, by {backup.made_by}"


def other_backups(summary: BackupSummary) -> str:
    """What became of those of the last 30 days that are not verified: "1 failed, 2 not yet"."""
    counts = ((summary.failed, "failed"), (summary.damaged, "damaged"), (summary.not_yet, "not yet"))
    told = ", ".join(f"{count} {word}" for count, word in counts if count)
    return told or ("all of them" if summary.attempts else "no backup was tried")


def with_short_hashes(words: str) -> Markup:
    """What was observed, in words, with the hashes in it cut to what people compare."""
    parts = _HASH.split(visible(words))
    short = Markup('<span class="identifier" title="{0}">{1}…</span>')
    return Markup("").join(
        short.format(part, part[:12]) if place % 2 else escape(part) for place, part in enumerate(parts)
    )


def next_level(backup: BackupFacts) -> Level | None:
    """The level to hold it against next; None when all were seen that can be, or it is damaged."""
    if backup.is_damaged:
        return None
    levels = (level for level in Level if backup.provable(level, has_identity=True) is level)
    higher = [level for level in levels if level.rank > Level(backup.level).rank]
    return higher[0] if higher else None


def is_same_day(one: datetime, other: datetime) -> bool:
    """True when both are on one day by our clock."""
    return one.astimezone().date() == other.astimezone().date()


FILTERS = (day, dated, clock, age, hours, since, taken_by, made, other_backups, with_short_hashes)
