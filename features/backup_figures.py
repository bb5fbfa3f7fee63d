"""How a database stands with its backups: how old the newest verified one is, how long a restore takes, what
failed, what it all takes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select

from core.backup_levels import DAMAGED, VERIFIED, Level
from core.clock import utc_now
from core.naming import fold
from database.context import current_settings
from database.transactions import DatabaseSession, transaction
from features.backup_clock import clock_fault
from features.backup_failures import failures_of
from features.backup_list import BRINGS_ALL_BACK, backups_of, is_of
from features.backup_rows import BackupFacts, facts_of
from features.health_disks import free_space, nearest
from features.restore_times import KIND as RESTORE
from models import Backup, BackupEvidence, OperationRecord

DAYS = 30


@dataclass(frozen=True)
class BackupSummary:
    """`verified_age` is the age in seconds of the newest verified backup of all of it, None without one, and
    `target_seconds` how old it may be, None where no target is set. `restore_seconds` is how long the last
    restore took, for a proof or for people, whichever was longer, measured at `restored_at`. Of the last 30
    days: backups that are `verified`, `not_yet` and `damaged`, and attempts that `failed`. `stored_bytes` and
    `count` are of all that are kept; `free_bytes` is the room in the folder, None where it cannot be seen.
    `clock_fault` says why the clock is not to be trusted, "" when it is."""

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
    settings, now = current_settings(), utc_now()
    since, hours = now - timedelta(days=DAYS), settings.backup_target_hours
    with transaction() as session:
        newest = _newest(session, database, Backup.level != DAMAGED)
        verified = _newest(session, database, BRINGS_ALL_BACK)
        restored_in, restored_at = _last_restore(session, database)
        proofs = _proofs(session, database, since)
        count, stored = _stored(session, database)
    return BackupSummary(
        database=database,
        newest=newest,
        newest_verified=verified,
        verified_age=(now - verified.taken_at).total_seconds() if verified else None,
        target_seconds=None if hours is None else hours * 3600.0,
        restore_seconds=restored_in,
        restored_at=restored_at,
        verified=proofs["verified"],
        not_yet=proofs["not_yet"],
        damaged=proofs["damaged"],
        failed=sum(failures_of(database, since, now + timedelta(days=1)).values()),
        stored_bytes=stored,
        count=count,
        free_bytes=free_space(str(nearest(settings.backup_dir))),
        clock_fault=clock_fault(now),
    )


def backup_sizes(database: str, days: int = DAYS) -> tuple[BackupSize, ...]:
    """The backups of the last `days` of one database, oldest first, those too that retention let go since.
    Needs an application context. Raises ServerError."""
    since = utc_now() - timedelta(days=days)
    query = (
        select(Backup.id, Backup.taken_at, Backup.size, Backup.data_size, Backup.seconds)
        .where(is_of(database), Backup.taken_at >= since)
        .order_by(Backup.taken_at, Backup.id)
    )
    with transaction() as session:
        return tuple(BackupSize(*row) for row in session.execute(query))


def _newest(session: DatabaseSession, database: str, wanted: ColumnElement[bool]) -> BackupFacts | None:
    query = select(Backup).where(backups_of(database), wanted)
    row = session.scalars(query.order_by(Backup.taken_at.desc(), Backup.id.desc()).limit(1)).first()
    return facts_of(row) if row else None


def _last_restore(session: DatabaseSession, database: str) -> tuple[float | None, datetime | None]:
    """How long the last restore took that was met, of whichever backup, and when it was: one for a proof, or
    one that people asked for, with all that belongs to it, if that took longer."""
    query = (
        select(BackupEvidence.seconds, BackupEvidence.seen_at)
        .join(Backup, Backup.id == BackupEvidence.backup_id)
        .where(is_of(database), BackupEvidence.level == Level.RESTORED, BackupEvidence.is_met.is_(True))
        .order_by(BackupEvidence.seen_at.desc(), BackupEvidence.id.desc())
        .limit(1)
    )
    proof = session.execute(query).first()
    found = [(proof[0], proof[1])] if proof else []
    return max([*found, *_last_asked_for(session, database)], key=lambda one: one[0], default=(None, None))


def _last_asked_for(session: DatabaseSession, database: str) -> list[tuple[float, datetime]]:
    query = select(OperationRecord.started_at, OperationRecord.finished_at).where(
        OperationRecord.kind == RESTORE,
        OperationRecord.target == fold(database),
        OperationRecord.state == "succeeded",
    )
    rows = session.execute(query.order_by(OperationRecord.id.desc()).limit(1))
    return [((end - begin).total_seconds(), end) for begin, end in rows if begin and end]


def _proofs(session: DatabaseSession, database: str, since: datetime) -> Counter[str]:
    query = select(Backup.level, func.count()).where(backups_of(database), Backup.taken_at >= since)
    proofs: Counter[str] = Counter()
    for level, count in session.execute(query.group_by(Backup.level)):
        proofs["damaged" if level == DAMAGED else "verified" if level in VERIFIED else "not_yet"] += count
    return proofs


def _stored(session: DatabaseSession, database: str) -> tuple[int, int]:
    query = select(func.count(), func.sum(Backup.size)).where(backups_of(database))
    count, stored = session.execute(query).one()
    return count, int(stored or 0)
