"""How long each step of a restore took the last time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from core.naming import fold
from database.transactions import DatabaseSession, transaction
from features.backup_rows import BackupFacts
from models import Backup, OperationPhase, OperationRecord

KIND = "backup.restore"
BESIDE, COMPARE, SWAP = "Restore beside it", "Compare with the manifest", "Swap the two"


@dataclass(frozen=True)
class Times:
    """Seconds; None for what was not measured yet."""

    backup: float | None
    beside: float | None
    compare: float | None
    swap: float | None


def times_of(database: str, backup: BackupFacts) -> Times:
    """Of the last restore of that database that succeeded, and of its last backup; where it was never
    restored, of the last time that this backup was. Needs an application context. Raises ServerError."""
    with transaction() as session:
        newest = select(Backup.seconds).where(Backup.database == database).order_by(Backup.taken_at.desc())
        saved = session.scalars(newest.limit(1)).first()
        phases = _phases(session, database)
    beside = phases.get(BESIDE, backup.restore_seconds)
    compare = phases.get(COMPARE, None if backup.restore_seconds is None else 0.0)
    return Times(saved, beside, compare, phases.get(SWAP))


def _phases(session: DatabaseSession, database: str) -> dict[str, float]:
    last = (
        select(OperationRecord.id)
        .where(
            OperationRecord.kind == KIND,
            OperationRecord.target == fold(database),
            OperationRecord.state == "succeeded",
        )
        .order_by(OperationRecord.id.desc())
        .limit(1)
    )
    id = session.scalar(last)
    rows = session.scalars(select(OperationPhase).where(OperationPhase.operation_id == id))
    return {row.name: (row.finished_at - row.started_at).total_seconds() for row in rows if row.finished_at}
