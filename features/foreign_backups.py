"""Backups that this console did not make, or does not know of: found in the folder, uploaded, adopted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import IO

from core.progress import Operation, operation
from features.backup_rows import BackupFacts


@dataclass(frozen=True)
class ForeignFile:
    """A file in the folder of the backups that no row tells of. `kind` is in words, such as "PostgreSQL
    archive"; `database` and `taken_at` are what its manifest says, "" and None without one. `is_trusted` is
    what it would be once adopted: a Basekeeper backup with its manifest. `fault` says why it cannot be."""

    name: str
    kind: str
    dialect: str
    size: int
    modified_at: datetime
    database: str
    taken_at: datetime | None
    is_trusted: bool
    fault: str

    @property
    def can_adopt(self) -> bool:
        """True when nothing stands against it."""
        return not self.fault


def list_foreign_files() -> tuple[ForeignFile, ...]:
    """What may be adopted, the newest first. Needs an application context."""
    raise NotImplementedError


def keep_upload(stream: IO[bytes], name: str, length: int | None = None) -> str:
    """Keep what comes out of `stream` in the folder of the backups, under a name of our own, which is given
    back; `name` is only what it was called, `length` how many bytes were announced. Raises InvalidInput for
    what is no archive or database file, such as an SQL script, and BackupError when it is larger than what
    may be kept; then nothing is."""
    raise NotImplementedError


@operation("backup.adopt", title="Adopt {file}", target="backup file {file}")
def adopt_backup(op: Operation, file: str, database: str = "", *, made_by: str) -> BackupFacts:
    """Make the file of that name in the folder a backup of `database`, by default what its manifest says.
    It is trusted only when it is a Basekeeper backup whose manifest and hashes are right. Raises NotFound,
    InvalidInput, AlreadyExists, BackupDamaged."""
    raise NotImplementedError
