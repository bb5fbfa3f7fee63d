"""Why a backup stays whatever its age. Each rule looks at the backups of one database, oldest first, and says
which it keeps; a rule by counts, such as the last of each week, would be one more."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence

from features.backup_rows import BackupFacts
from features.backup_uses import is_used

FLOOR = 2  # verified backups of each database that are never let go

Kept = Iterator[tuple[BackupFacts, str]]
Rule = Callable[[Sequence[BackupFacts]], Kept]


def reasons_to_keep(backups: Sequence[BackupFacts], used: frozenset[str] = frozenset()) -> dict[str, str]:
    """The ids of those that stay, each with the first reason in words."""
    databases: dict[str, list[BackupFacts]] = defaultdict(list)
    for backup in backups:
        databases[backup.database].append(backup)
    reasons = {backup.id: "in use" for backup in backups if is_used(backup, used)}
    for rule in RULES:
        for of_one in databases.values():
            for backup, reason in rule(of_one):
                reasons.setdefault(backup.id, reason)
    return reasons


def _pinned(backups: Sequence[BackupFacts]) -> Kept:
    return ((backup, "pinned") for backup in backups if backup.is_pinned)


def _last_verified(backups: Sequence[BackupFacts]) -> Kept:
    verified = [backup for backup in backups if backup.is_verified]
    return ((backup, f"one of the last {FLOOR} verified") for backup in _whole(verified)[-FLOOR:])


def _newest(backups: Sequence[BackupFacts]) -> Kept:
    good = [backup for backup in backups if not backup.is_damaged]
    return ((backup, "the newest") for backup in _whole(good)[-1:])


def _while_the_newest_is_damaged(backups: Sequence[BackupFacts]) -> Kept:
    if not backups[-1].is_damaged:
        return iter(())
    return ((backup, "the newest is damaged") for backup in backups if not backup.is_damaged)


def _whole(backups: Sequence[BackupFacts]) -> Sequence[BackupFacts]:
    """Those that hold all of the database; where none does, the parts are all there is."""
    return [backup for backup in backups if backup.is_whole] or backups


RULES: tuple[Rule, ...] = (_pinned, _last_verified, _newest, _while_the_newest_is_damaged)
