"""A file from elsewhere made a backup: its row, and what was seen of it."""

from __future__ import annotations

import hashlib
from typing import Any

from sqlalchemy import select

from core.backup_levels import DAMAGED, Level
from core.clock import utc_now
from core.connection import Dialect
from core.errors import AlreadyExists, InvalidInput
from core.naming import fold, is_id, new_id
from core.progress import Operation
from core.text import size as in_words
from core.text import visible
from database.archive_reader import hash_file, verify_intact
from database.backup_folder import BackupFolder
from database.backup_names import manifest_name
from database.context import current_settings
from database.foreign_files import take_in, uploaded_content
from database.manifest import read_manifest
from database.transactions import transaction
from features.backup_recording import record_backup
from features.backup_rows import BackupFacts, facts_of
from models import Backup, BackupEvidence, RegisteredDatabase

ADOPTED, UPLOADED = "adopted", "uploaded"
_LONGEST_NAME = 255


def adopt_ours(op: Operation, folder: BackupFolder, stem: str, database: str, by: str) -> BackupFacts:
    """A Basekeeper backup with its manifest, once every byte of it was found to be as the manifest says; one
    that retention let go of goes on as what it was. Raises AlreadyExists for one that is known,
    BackupDamaged."""
    text = folder.read_text(manifest_name(stem))
    manifest = read_manifest(text)
    data = manifest.file("data")
    assert data, "a backup without data is none"
    was_let_go = _was_let_go(stem, manifest.id, data.sha256)
    verify_intact(op, folder, manifest)
    sha256 = hashlib.sha256(text.encode()).hexdigest()
    place = _place_of(database) | {"note": f"Adopted by {by}.", "origin": ADOPTED}
    _free_name(data.name)
    if was_let_go:
        return _bring_back(op, manifest.id, **place, file=data.name, manifest_sha256=sha256)
    return record_backup(manifest, sha256, **place)


def adopt_stranger(
    op: Operation, folder: BackupFolder, file: str, dialect: Dialect, database: str, by: str
) -> BackupFacts:
    """A bare archive or database file, kept as backups are, which is trusted in nothing. What it was before
    goes into the trash. Raises BackupError."""
    kept = file
    recipient = current_settings().backup_encryption_key
    if not uploaded_content(file):
        with folder.open(file) as stream:
            kept = take_in(op, folder, stream, file, recipient, is_upload=False)
        op.phase("Read what was kept", unit="byte")
    with folder.open(kept) as stream:
        sha256 = hash_file(op, stream)
        size = stream.seek(0, 2)
    _free_name(kept)
    encrypted_to = recipient if kept.endswith(".age") else ""
    values = {"file": kept, "sha256": sha256, "size": size, "dialect": dialect, "encrypted_to": encrypted_to}
    facts = _record(values | _place_of(database), by, op.id)
    if kept != file:
        folder.trash(file)
    return facts


def _was_let_go(stem: str, id: str, sha256: str) -> bool:
    """True when retention let go of that very backup, False where nothing is known of it. Raises
    AlreadyExists for any other."""
    with transaction() as session:
        row = session.get(Backup, id) if is_id(id) else None
        was_let_go = row is not None and row.removed_at is not None and row.sha256 == sha256
    if not is_id(id) or (row and not was_let_go):
        raise AlreadyExists(f"{stem} is a copy of a backup that is known already.")
    return was_let_go


def _bring_back(op: Operation, id: str, **values: Any) -> BackupFacts:
    """The row of what retention let go of tells of a backup again, whose days count from now on."""
    with transaction() as session:
        row = session.get_one(Backup, id)
        for name, value in values.items():
            setattr(row, name, value)
        row.removed_at, row.proven_at = None, utc_now()
        row.level = Level.STORED if row.level == DAMAGED else row.level
        session.add(_stored(row, "brought back", op.id))
        session.flush()
        return facts_of(row)


def _free_name(file: str) -> None:
    """What retention let go of has no file of that name any more: it is another's now."""
    gone = Backup.file == file, Backup.removed_at.is_not(None)
    with transaction() as session:
        for row in session.scalars(select(Backup).where(*gone)):
            row.file = f"{file}.{row.id}"


def _place_of(database: str) -> dict[str, Any]:
    """Which database that is, if it is one that is known here."""
    settings = current_settings()
    is_own = fold(database) == fold(settings.database.name)
    name = settings.database.name if is_own else visible(fold(database))
    if len(name) > _LONGEST_NAME:
        raise InvalidInput("No database has so long a name.")
    named = select(RegisteredDatabase.id).where(RegisteredDatabase.name == name)
    with transaction() as session:
        return {"database": name, "is_own": is_own, "database_id": None if is_own else session.scalar(named)}


def _record(values: dict[str, Any], by: str, operation_id: str) -> BackupFacts:
    now = utc_now()
    said = {"reason": "from elsewhere", "made_by": by, "operation_id": operation_id}
    when = {"taken_at": now, "proven_at": now}
    row = Backup(**values, **said, **when, id=new_id(), origin=UPLOADED, level=Level.STORED)
    with transaction() as session:
        session.add(row)
        session.flush()
        session.add(_stored(row, "from elsewhere", operation_id))
        return facts_of(row)


def _stored(row: Backup, whence: str, operation_id: str) -> BackupEvidence:
    return BackupEvidence(
        backup_id=row.id,
        level=Level.STORED,
        is_met=True,
        seen_at=row.proven_at,
        seconds=0.0,
        details=f"{in_words(row.size)} {whence}, SHA-256 {row.sha256}",
        operation_id=operation_id,
    )
