"""What a restore has shown of its backup, kept: how long it takes, and that it can be done."""

from __future__ import annotations

from core.progress import Operation
from database.restoring import Copy
from database.transactions import transaction
from features.backup_rows import BackupFacts, find_backup


def record_restore(op: Operation, backup: BackupFacts, copy: Copy) -> None:
    """Keep how long the copy took to make. Raises ServerError."""
    with transaction() as session:
        find_backup(session, backup.id).restore_seconds = copy.seconds
