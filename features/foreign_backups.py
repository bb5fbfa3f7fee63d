"""Backups that this console did not make, or does not know of: found in the folder, uploaded, adopted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import IO

from sqlalchemy import select

from core.clock import utc_now
from core.connection import Dialect
from core.errors import AppError, BackupDamaged, InvalidInput, NotFound
from core.progress import Operation, operation
from core.text import visible
from database.archive_reader import read_stored_manifest
from database.backup_folder import BackupFolder, FolderFile
from database.backup_names import manifest_name
from database.context import current_settings
from database.foreign_files import check_size, content_of, read_beginning, take_in, uploaded_content
from database.manifest import Manifest
from database.transactions import transaction
from features.backup_adoption import adopt_ours, adopt_stranger
from features.backup_files import backup_folder
from features.backup_rows import BackupFacts, name_of
from models import Backup

_OURS = "Basekeeper backup"
_UPLOADS_KEPT = timedelta(days=7)


@dataclass(frozen=True)
class ForeignFile:
    """A file in the folder of the backups that no row tells of, or that is there again though retention let
    go of it. `kind` is in words, such as "PostgreSQL archive"; `database` and `taken_at` are what its
    manifest says, "" and None without one. `is_trusted` is what it would be once adopted: a Basekeeper backup
    with its manifest. `fault` says why it cannot be."""

    name: str
    kind: str
    dialect: str
    size: int
    modified_at: datetime
    database: str
    taken_at: datetime | None
    is_trusted: bool
    fault: str

    @property
    def can_adopt(self) -> bool:
        """True when nothing stands against it."""
        return not self.fault


def list_foreign_files() -> tuple[ForeignFile, ...]:
    """What may be adopted, the newest first. Needs an application context. Raises BackupError,
    ServerError."""
    found = _look_through(backup_folder())
    return tuple(sorted(found, key=lambda one: one.modified_at, reverse=True))


def keep_upload(stream: IO[bytes], name: str, length: int | None = None) -> str:
    """Keep what comes out of `stream` in the folder of the backups, under a name of our own, which is given
    back; `name` is only what it was called, `length` how many bytes were announced. Needs an application
    context. Raises InvalidInput for what is no archive or database file, such as an SQL script, and
    BackupError when it is larger than what may be kept; then nothing is."""
    folder = backup_folder()
    check_size(folder, length)
    recipient = current_settings().backup_encryption_key
    return take_in(Operation(), folder, stream, name, recipient, is_upload=True)


@operation("backup.adopt", title="Adopt {file}", target="backup file {file}")
def adopt_backup(op: Operation, file: str, database: str = "", *, made_by: str) -> BackupFacts:
    """Make the file of that name in the folder a backup of `database`, by default what its manifest says.
    It is trusted only when it is a Basekeeper backup whose manifest and hashes are right. Raises NotFound,
    InvalidInput, AlreadyExists, BackupDamaged."""
    folder = backup_folder()
    found = next((one for one in _look_through(folder) if one.name == file), None)
    if found is None:
        raise NotFound(
            f"There is no file {visible(file[:80])} to adopt in the folder of the backups.",
            hint="List them: python manage_db.py backups --foreign",
        )
    if found.fault:
        raise InvalidInput(found.fault)
    name = database or found.database
    if not name:
        raise InvalidInput("Nothing says which database it is of.", hint="Name the database.")
    op.phase("Read it", found.size, "byte")
    if found.is_trusted:
        return adopt_ours(op, folder, name_of(file), name, made_by)
    return adopt_stranger(op, folder, file, Dialect(found.dialect), name, made_by)


def clear_old_uploads() -> tuple[str, ...]:
    """Put what was uploaded and not adopted for 7 days into the trash; gives the names. Needs an application
    context. Raises BackupError, ServerError."""
    before = utc_now() - _UPLOADS_KEPT
    folder = backup_folder()
    old = [
        one.name for one in _look_through(folder) if one.modified_at < before and uploaded_content(one.name)
    ]
    if old:
        folder.trash(*old)
    return tuple(old)


def _look_through(folder: BackupFolder) -> Iterator[ForeignFile]:
    there = {file.name: file for file in folder.list()}
    with transaction() as session:
        kept = select(Backup.file).where(Backup.removed_at.is_(None))
        known = {name_of(file) for file in session.scalars(kept)}
    for name, file in there.items():
        stem = name_of(name)
        if stem in known:
            continue
        if name == manifest_name(stem):
            yield _ours(folder, there, name)
        elif manifest_name(stem) not in there:
            yield _stranger(folder, file)


def _ours(folder: BackupFolder, there: dict[str, FolderFile], name: str) -> ForeignFile:
    """A backup with its manifest, by its file of data."""
    shown = ForeignFile(name, _OURS, "", there[name].size, there[name].changed_at, "", None, False, "")
    try:
        manifest = read_stored_manifest(folder, name)
        data = _data_of(manifest, there, name)
    except (AppError, ValueError) as error:
        return replace(shown, fault=str(error))
    return ForeignFile(
        data.name,
        _OURS,
        Dialect(manifest.dialect),
        data.size,
        data.changed_at,
        manifest.database,
        manifest.taken_at,
        True,
        "",
    )


def _data_of(manifest: Manifest, there: dict[str, FolderFile], name: str) -> FolderFile:
    """Raises BackupDamaged unless every file that the manifest tells of is there and has its size."""
    Dialect(manifest.dialect)
    for stored in manifest.files:
        file = there.get(stored.name)
        if name_of(stored.name) != name_of(name) or file is None or file.size != stored.size:
            raise BackupDamaged(f"{visible(stored.name[:80])} is not the file that the manifest tells of.")
    data = manifest.file("data")
    if data is None:
        raise BackupDamaged("The manifest names no file of data.")
    return there[data.name]


def _stranger(folder: BackupFolder, file: FolderFile) -> ForeignFile:
    shown = ForeignFile(file.name, "file", "", file.size, file.changed_at, "", None, False, "")
    try:
        content = uploaded_content(file.name) or content_of(read_beginning(folder, file.name), file.name)
    except AppError as error:
        return replace(shown, fault=str(error))
    return replace(shown, kind=content.words, dialect=content.dialect)
