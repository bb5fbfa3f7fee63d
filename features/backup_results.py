"""Which backup an operation was about, told by what it left: the backup it made, or what it saw of one."""

from __future__ import annotations

from sqlalchemy import case, or_, select

from database.transactions import transaction
from features.backup_rows import BackupFacts, facts_of
from models import Backup, BackupEvidence


def backup_of(operation_id: str) -> BackupFacts | None:
    """The backup that the operation of that id made or proved; of a restore the one it restored, not the one
    it took before. None when it did neither, or the backup is gone. Needs an application context. Raises
    ServerError."""
    seen = select(BackupEvidence.backup_id).where(BackupEvidence.operation_id == operation_id)
    about = or_(Backup.operation_id == operation_id, Backup.id.in_(seen))
    is_made = case((Backup.operation_id == operation_id, 1), else_=0)
    wanted = select(Backup).where(about, Backup.removed_at.is_(None))
    wanted = wanted.order_by(is_made, Backup.taken_at.desc())
    with transaction() as session:
        row = session.scalars(wanted.limit(1)).first()
        return facts_of(row) if row else None
