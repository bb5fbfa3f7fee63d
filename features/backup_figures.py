"""How a database stands with its backups: how old the newest verified one is, how long a restore takes, what
failed, what it all takes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from features.backup_rows import BackupFacts

DAYS = 30


@dataclass(frozen=True)
class BackupSummary:
    """`verified_age` is the age in seconds of the newest verified backup, None without one, and
    `target_seconds` how old it may be, None where no target is set. `restore_seconds` is how long the last
    restore took, measured at `restored_at`. Of the last 30 days: backups that are `verified`, `not_yet` and
    `damaged`, and attempts that `failed`. `stored_bytes` and `count` are of all that are kept; `free_bytes`
    is the room in the folder, None where it cannot be seen. `clock_fault` says why the clock is not to be
    trusted, "" when it is."""

    database: str
    newest: BackupFacts | None
    newest_verified: BackupFacts | None
    verified_age: float | None
    target_seconds: float | None
    restore_seconds: float | None
    restored_at: datetime | None
    verified: int
    not_yet: int
    damaged: int
    failed: int
    stored_bytes: int
    count: int
    free_bytes: int | None
    clock_fault: str

    @property
    def attempts(self) -> int:
        """All that was tried in the last 30 days."""
        return self.verified + self.not_yet + self.damaged + self.failed

    @property
    def is_overdue(self) -> bool:
        """True when the newest verified one is older than the target, or there is none."""
        if self.target_seconds is None:
            return False
        return self.verified_age is None or self.verified_age > self.target_seconds


@dataclass(frozen=True)
class BackupSize:
    """What a backup took: `size` bytes stored, of `data_size` on the server, None where that is not known."""

    id: str
    taken_at: datetime
    size: int
    data_size: int | None
    seconds: float


def summarise(database: str) -> BackupSummary:
    """How the database of that name stands now. Needs an application context. Raises ServerError."""
    raise NotImplementedError


def backup_sizes(database: str, days: int = DAYS) -> tuple[BackupSize, ...]:
    """The backups of the last `days`, oldest first, those that retention removed too. Needs an application
    context. Raises ServerError."""
    raise NotImplementedError
