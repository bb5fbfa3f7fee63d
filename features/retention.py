"""Which backups are let go, and why the others stay (TRUST B4)."""

from __future__ import annotations

from dataclasses import dataclass

from core.progress import Operation, operation
from features.backup_rows import BackupFacts


@dataclass(frozen=True)
class Verdict:
    """What becomes of one backup, and why, in words: "36 days old"."""

    backup: BackupFacts
    reason: str


@dataclass(frozen=True)
class PrunePlan:
    """What would go, oldest first; which ones past their age stay, and why; how many are `younger` than the
    `days` that all are kept. `halted` says why nothing goes at all, "" when nothing stands against it."""

    days: int
    doomed: tuple[Verdict, ...]
    kept: tuple[Verdict, ...]
    younger: int
    halted: str

    @property
    def freed_bytes(self) -> int:
        """What it would free."""
        return sum(verdict.backup.size for verdict in self.doomed)


def plan_prune(days: int | None = None) -> PrunePlan:
    """What `prune_backups` would do now; by default `days` is BACKUP_RETENTION_DAYS. Changes nothing. Needs
    an application context. Raises InvalidInput for fewer than one day, ServerError."""
    raise NotImplementedError


@operation("backup.prune", title="Prune backups", target="old backups", attempts=3)
def prune_backups(op: Operation, days: int | None = None) -> PrunePlan:
    """Let go of the backups that are past their age; gives what went. Their files lie in the trash for some
    days more. Raises what `plan_prune` raises, and Conflict when the clock is not to be trusted."""
    raise NotImplementedError
