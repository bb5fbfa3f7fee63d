"""What a crash left of backups, put in order: a part is removed, and what lies whole in the folder but is not
written down becomes a backup after all (TRUST B3)."""

from __future__ import annotations

import hashlib
import logging
from datetime import timedelta

from sqlalchemy import select

from core.clock import utc_now
from core.errors import BackupDamaged, Conflict, NotFound
from core.naming import fold, is_id, made_at
from database.archive_reader import read_stored_manifest
from database.backup_folder import BackupFolder, FolderFile
from database.backup_names import manifest_name
from database.context import current_settings
from database.manifest import Manifest
from database.transactions import transaction
from features.backup_files import backup_folder
from features.backup_recording import record_backup
from features.backup_rows import BackupFacts, name_of
from models import Backup, OperationRecord, RegisteredDatabase

LIVE = ("queued", "running")
_STRANGE = timedelta(days=1)  # what no row tells of may still run, such as the restore of our own tables
_log = logging.getLogger("basekeeper.backups")


def clear_parts() -> tuple[str, ...]:
    """Remove the parts of backups whose operations have ended, and give their names. Needs an application
    context. Raises BackupError, ServerError."""
    return backup_folder().clear_parts(is_running)


def is_running(operation_id: str) -> bool:
    """True when that operation is under way, or may be. Needs an application context. Raises ServerError."""
    with transaction() as session:
        state = session.scalar(select(OperationRecord.state).where(OperationRecord.id == operation_id))
    return utc_now() - made_at(operation_id) < _STRANGE if state is None else state == "running"


def recover_backups(ended: str = "") -> tuple[BackupFacts, ...]:
    """Write down what lies whole in the folder and was made by an operation of ours that came to no end;
    `ended` is one that is begun anew. What is not whole is removed, what comes from elsewhere left alone.
    Needs an application context. Raises BackupError, ServerError."""
    folder = backup_folder()
    there = {file.name: file for file in folder.list()}  # before the rows: what is written meanwhile is known
    with transaction() as session:
        known = {name_of(file) for file in session.scalars(select(Backup.file))}
    found = []
    for name in there:
        stem = name_of(name)
        if (
            name == manifest_name(stem)
            and stem not in known
            and (one := _recover(folder, there, name, ended))
        ):
            found.append(one)
    return tuple(found)


def _recover(folder: BackupFolder, there: dict[str, FolderFile], name: str, ended: str) -> BackupFacts | None:
    manifest = _ours(folder, name)
    if manifest is None:
        return None
    with transaction() as session:
        state = session.scalar(select(OperationRecord.state).where(OperationRecord.id == manifest.id))
        is_known = session.get(Backup, manifest.id) is not None
    if state is None or (state in LIVE and manifest.id != ended):
        return None
    if is_known or not _is_whole(manifest, there):
        folder.discard(name, *(stored.name for stored in manifest.files))
        return None
    try:
        found = _record(manifest, hashlib.sha256(folder.read_text(name).encode()).hexdigest())
    except Conflict:
        return None  # another worker was first
    _log.warning("%s was not written down when its operation ended; it is now", found.name)
    return found


def _ours(folder: BackupFolder, name: str) -> Manifest | None:
    """The manifest of that name when it tells of files of its own name alone."""
    try:
        manifest = read_stored_manifest(folder, name)
    except (BackupDamaged, NotFound):
        return None
    has_own = all(name_of(stored.name) == name_of(name) for stored in manifest.files)
    return manifest if has_own and manifest.file("data") and is_id(manifest.id) else None


def _is_whole(manifest: Manifest, there: dict[str, FolderFile]) -> bool:
    found = [there.get(stored.name) for stored in manifest.files]
    return [file.size if file else -1 for file in found] == [stored.size for stored in manifest.files]


def _record(manifest: Manifest, sha256: str) -> BackupFacts:
    is_own = fold(manifest.database) == fold(current_settings().database.name)
    named = select(RegisteredDatabase.id).where(RegisteredDatabase.name == manifest.database)
    with transaction() as session:
        database_id = None if is_own else session.scalar(named)
    return record_backup(manifest, sha256, database_id=database_id, is_own=is_own, operation_id=manifest.id)
