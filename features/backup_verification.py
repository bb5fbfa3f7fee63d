"""Backups proven: held against one level after the other, each a dated fact (TRUST section 3)."""

from __future__ import annotations

from core.actor import Role
from core.backup_levels import Level
from core.progress import Operation, operation
from features.backup_rows import BackupFacts


@operation("backup.verify", title="Verify {backup}", target="{backup}", role=Role.OPERATOR, attempts=2)
def verify_backup(op: Operation, backup: str, level: str = Level.EQUAL) -> BackupFacts:
    """Hold the backup of that id or name against every level up to `level`, from its stored bytes to a
    restored copy in a database made for this alone, which is dropped; what was seen before is kept. Raises
    NotFound, InvalidInput for what is no level, BackupDamaged, BackupLocked for an encrypted one whose
    identity is not here, BackupIncompatible, ToolError, ServerError: what was met until then is kept."""
    raise NotImplementedError
