"""How to bring a backup back without Basekeeper, on paper or wherever else it is kept."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import BackupDamaged
from database.recovery_sheet import recovery_sheet
from features.backup_details import read_backup


@dataclass(frozen=True)
class RecoverySheet:
    """A text in Markdown, and the name of its file."""

    name: str
    text: str


def read_recovery_sheet(id_or_name: str) -> RecoverySheet:
    """The sheet of the backup of that id or name. Needs an application context. Raises NotFound, and
    BackupDamaged when its manifest cannot be read, which knows what the sheet says."""
    details = read_backup(id_or_name)
    if details.manifest is None:
        raise BackupDamaged(details.fault)
    return RecoverySheet(
        f"{details.backup.name}.recovery.md", recovery_sheet(details.backup.name, details.manifest)
    )
