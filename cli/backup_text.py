"""How backups are shown on a terminal: one in a few lines, many as a table, what was seen of each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.console import say, show_table
from core.text import duration, plural, size

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from features.backup_details import BackupDetails
    from features.backup_rows import BackupFacts
    from features.retention import Verdict

NOT_MEASURED = "not measured"


def stored(backup: BackupFacts) -> str:
    """What was kept: "shop-20261119-020000 is stored: 8.4 GB, 26 tables, 61,203,488 rows, in 4 min 9 s."."""
    return f"{backup.name} is stored: {', '.join(_measures(backup))}, in {duration(backup.seconds)}."


def proven(backup: BackupFacts, seconds: float) -> str:
    """How far it was proven, and how long that took."""
    return f"{backup.name} is {backup.level}, seen in {duration(seconds)}.{_restores(backup)}"


def show_backups(backups: Iterable[BackupFacts], days: int) -> None:
    """Write a table, the newest first; retention keeps each for `days`."""
    headers = ("Name", "Database", "Proof", "Size", "Took", "Restores in", "Kept until")
    rows = [
        (
            one.name,
            one.database,
            _proof(one),
            size(one.size),
            duration(one.seconds),
            _restore_time(one),
            kept_until(one, days),
        )
        for one in backups
    ]
    show_table(headers, rows, numbers=(3, 4, 5))


def show_verdicts(verdicts: Iterable[Verdict]) -> None:
    """Write a table of what becomes of each, and why."""
    rows = [
        (one.backup.name, one.backup.database, _proof(one.backup), size(one.backup.size), one.reason)
        for one in verdicts
    ]
    show_table(("Name", "Database", "Proof", "Size", "Why"), rows, numbers=(3,))


def show_details(details: BackupDetails, days: int) -> None:
    """Write all that is known of one backup: its facts, what was seen of it, its tables."""
    for label, text in _facts(details.backup, days):
        if text:
            say(f"{label:<12} {text}")
    say()
    seen = [
        (
            one.level if one.is_met else f"not {one.level}",
            time_of(one.seen_at),
            duration(one.seconds),
            one.details,
        )
        for one in details.evidence
    ]
    show_table(("Seen", "When", "Took", "What"), seen, numbers=(2,))
    _show_manifest(details)


def kept_until(backup: BackupFacts, days: int) -> str:
    """The day on which retention lets it go, or that it stays."""
    day = backup.kept_until(days)
    return f"{day:%Y-%m-%d}" if day else "pinned"


def time_of(moment: datetime) -> str:
    """The full time, as commands write it."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _facts(one: BackupFacts, days: int) -> tuple[tuple[str, str], ...]:
    trust = "" if one.is_trusted else f", {one.origin} and not trusted"
    revision = f", revision {one.revision}" if one.revision else ""
    return (
        ("Backup", f"{one.name} ({one.id}){trust}"),
        ("Database", f"{one.database}, {one.server or one.dialect}{revision}"),
        ("Taken", f"{time_of(one.taken_at)} by {one.made_by}, {one.reason}, in {duration(one.seconds)}"),
        ("Note", one.note),
        ("Tool", one.tool),
        ("Size", _sizes(one)),
        ("File", one.file),
        ("SHA-256", one.sha256),
        ("Encrypted", f"to {one.encrypted_to}" if one.encrypted_to else "no"),
        ("Proof", _proof(one)),
        ("Restores in", _restore_time(one)),
        ("Kept until", kept_until(one, days)),
    )


def _show_manifest(details: BackupDetails) -> None:
    if details.fault or details.manifest is None:
        say()
        say(details.fault)
        return
    tables = details.manifest.inventory.tables
    if tables:
        say()
        show_table(("Table", "Rows"), [(one.name, f"{one.rows:,}") for one in tables], numbers=(1,))
    for warning in details.manifest.warnings:
        say(warning)


def _sizes(one: BackupFacts) -> str:
    first, *others = _measures(one)
    whole = f"{first} of {size(one.data_size)} on the server" if one.data_size else first
    return ", ".join([whole, *others])


def _measures(one: BackupFacts) -> list[str]:
    counted = [(one.table_count, "table"), (one.row_count, "row")]
    return [size(one.size), *(plural(count, word) for count, word in counted if count is not None)]


def _proof(one: BackupFacts) -> str:
    return one.level if one.is_whole else f"{one.level}, part"


def _restore_time(one: BackupFacts) -> str:
    return NOT_MEASURED if one.restore_seconds is None else duration(one.restore_seconds)


def _restores(one: BackupFacts) -> str:
    return "" if one.restore_seconds is None else f" It restores in {duration(one.restore_seconds)}."
