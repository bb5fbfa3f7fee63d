"""One backup with all that was seen of it."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from core.backup_levels import Level
from core.errors import BackupError
from database.manifest import Manifest
from database.transactions import transaction
from features.backup_files import manifest_of
from features.backup_rows import BackupFacts, EvidenceFacts, facts_of, find_backup
from models import BackupEvidence


@dataclass(frozen=True)
class BackupDetails:
    """A backup, everything that was seen of it, oldest first, and its manifest. None for a manifest that
    cannot be read: `fault` then says why."""

    backup: BackupFacts
    evidence: tuple[EvidenceFacts, ...]
    manifest: Manifest | None
    fault: str

    def newest(self, level: Level) -> EvidenceFacts | None:
        """What was last seen when it was held against that level; None when it never was."""
        return next((seen for seen in reversed(self.evidence) if seen.level is level), None)


def read_backup(id_or_name: str) -> BackupDetails:
    """The backup of that id or name. Needs an application context. Raises NotFound, ServerError."""
    with transaction() as session:
        row = find_backup(session, id_or_name)
        backup, sha256 = facts_of(row), row.manifest_sha256
        wanted = select(BackupEvidence).where(BackupEvidence.backup_id == backup.id)
        evidence = tuple(
            EvidenceFacts(
                Level(row.level), row.is_met, row.seen_at, row.seconds, row.details, row.operation_id
            )
            for row in session.scalars(wanted.order_by(BackupEvidence.id))
        )
    try:
        return BackupDetails(backup, evidence, manifest_of(backup, sha256), "")
    except BackupError as error:  # damaged, or its folder cannot be read
        return BackupDetails(backup, evidence, None, error.message)
