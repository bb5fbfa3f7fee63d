"""Where the files of backups lie."""

from __future__ import annotations

from core.errors import BackupDamaged, NotFound
from database.archive_reader import read_stored_manifest
from database.backup_folder import BackupFolder
from database.backup_names import manifest_name
from database.context import current_settings
from database.manifest import Manifest
from features.backup_rows import BackupFacts


def backup_folder() -> BackupFolder:
    """The folder of the settings. Needs an application context."""
    return BackupFolder(current_settings().backup_dir)


def manifest_of(backup: BackupFacts, sha256: str) -> Manifest:
    """The manifest of a backup; `sha256` is what its row says. Needs an application context. Raises
    BackupDamaged when it is gone or is not the one that was written."""
    try:
        return read_stored_manifest(backup_folder(), manifest_name(backup.name), sha256)
    except NotFound as error:
        raise BackupDamaged(f"The manifest of {backup.name} is gone.") from error
