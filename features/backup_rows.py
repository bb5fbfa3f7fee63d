"""The rows of backups, read into facts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from core.backup_levels import DAMAGED, Level
from core.errors import NotFound
from core.naming import is_id
from core.text import visible
from database.transactions import DatabaseSession
from models import Backup


@dataclass(frozen=True)
class EvidenceFacts:
    """What was seen of a backup when it was held against `level`: whether it passed, when, how long it took,
    and what was observed."""

    level: Level
    is_met: bool
    seen_at: datetime
    seconds: float
    details: str
    operation_id: str


@dataclass(frozen=True)
class BackupFacts:
    """One backup. `level` is a `Level`, or "damaged"; `name` is what people type and see, such as
    "shop-20261119-020000"; not `is_whole` for chosen tables or schemas; without `has_contents` its rows were
    counted alone, which shows no copy to be equal. Sizes are bytes; `restore_seconds` is None until a restore
    was measured."""

    id: str
    name: str
    database: str
    is_own: bool
    database_id: str | None
    origin: str
    reason: str
    made_by: str
    note: str
    operation_id: str
    dialect: str
    server: str
    tool: str
    revision: str
    storage: str
    file: str
    sha256: str
    size: int
    data_size: int | None
    table_count: int | None
    row_count: int | None
    is_whole: bool
    has_contents: bool
    encrypted_to: str
    taken_at: datetime
    seconds: float
    restore_seconds: float | None
    level: str
    proven_at: datetime | None
    is_pinned: bool

    @property
    def is_trusted(self) -> bool:
        """True for what a console made, this one or another whose manifest came with it."""
        return self.origin in ("made", "adopted")

    @property
    def is_verified(self) -> bool:
        """True when a restored copy was equal to what was backed up."""
        return self.level != DAMAGED and Level(self.level).is_verified

    def provable(self, wanted: Level, *, has_identity: bool) -> Level:
        """How far on the way to `wanted` it can be proven: what is encrypted is only read again without its
        identity; what was counted and not hashed is restored, and never shown to be equal."""
        if self.encrypted_to and not has_identity:
            return min(wanted, Level.INTACT, key=lambda level: level.rank)
        return wanted if self.has_contents else min(wanted, Level.RESTORED, key=lambda level: level.rank)

    @property
    def is_damaged(self) -> bool:
        """True when what is stored is not what was stored."""
        return self.level == DAMAGED

    @property
    def kept_since(self) -> datetime:
        """From when on its days count: for one from elsewhere, or brought back, since it was proven here."""
        return self.taken_at if self.origin == "made" else max(self.taken_at, self.proven_at or self.taken_at)

    def kept_until(self, days: int) -> datetime | None:
        """When retention of `days` lets it go; None for a pinned one, which stays."""
        return None if self.is_pinned else self.kept_since + timedelta(days=days)


def facts_of(row: Backup) -> BackupFacts:
    """What is shown of a row."""
    given = {name: getattr(row, name) for name in BackupFacts.__dataclass_fields__ if name != "name"}
    return BackupFacts(**given, name=name_of(row.file))


def name_of(file: str) -> str:
    """A backup's name is that of its file, without the endings."""
    return file.partition(".")[0]


def find_backup(session: DatabaseSession, id_or_name: str) -> Backup:
    """The row of that id, or of that name. Raises NotFound."""
    wanted = visible(id_or_name[:255])
    which = Backup.id == wanted if is_id(wanted) else Backup.file.startswith(f"{wanted}.", autoescape=True)
    row = session.scalar(select(Backup).where(which, Backup.removed_at.is_(None)))
    if row is None:
        raise NotFound(f'There is no backup "{wanted[:80]}".', hint="List them: python manage_db.py backups")
    return row
