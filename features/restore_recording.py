"""What a restore has shown of its backup, kept as evidence."""

from __future__ import annotations

from core.backup_levels import Level
from core.progress import Operation
from database.proving import Proof
from database.restoring import Copy
from features.backup_rows import BackupFacts
from features.backup_verification import keep_proof


def record_restore(op: Operation, backup: BackupFacts, copy: Copy, where: str) -> None:
    """It was restored as the database people call `where`, and what was seen of it there. Raises
    ServerError."""
    keep_proof(op, backup, Proof(Level.RESTORED, True, copy.seconds, f"As {where}, 0 errors"))
    if copy.is_equal:
        said = f"{where} was as the manifest says before it was used"
        keep_proof(op, backup, Proof(Level.EQUAL, True, copy.compare_seconds, said))
