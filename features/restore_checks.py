"""What stands against a restore before anything is done, or is worth knowing."""

from __future__ import annotations

from collections.abc import Iterator

from core.connection import Dialect
from core.errors import BackupError
from core.text import size as in_words
from core.text import visible
from database.adapters import adapter_class
from database.adapters.backup import BackupAdapter, Obstacle, Source, operation_of
from database.manifest import Manifest
from database.revisions import known_revisions
from features.backup_files import backup_folder
from features.backup_rows import BackupFacts
from features.backup_subjects import Subject
from features.new_databases import exists

_ROOM = 1.2  # times what the data took, for indexes that are built and the log of it


def obstacles_to(
    adapter: BackupAdapter, subject: Subject, backup: BackupFacts, source: Source, new_name: str
) -> tuple[Obstacle, ...]:
    """Everything, what stops it first. Raises ServerError, ToolError."""
    found = [
        *_of_backup(backup, source.manifest, new_name),
        *_of_database(adapter, subject, backup, new_name),
        *_of_room(adapter, backup, source.manifest, new_name),
    ]
    if not any(one.is_fatal for one in found):  # else the server is asked about what it cannot have
        found += adapter.obstacles(source)
    return tuple(sorted(found, key=lambda one: not one.is_fatal))


def room_needed(backup: BackupFacts, manifest: Manifest | None) -> int | None:
    """Bytes that the restored copy takes on the server; None when that is not known."""
    known = backup.data_size or (manifest.data_size if manifest else None)
    return int(known * _ROOM) if known else None


def _of_backup(backup: BackupFacts, manifest: Manifest | None, new_name: str) -> Iterator[Obstacle]:
    if backup.is_damaged:
        yield Obstacle(f"{backup.name} is damaged.", "Choose another backup.")
    if new_name:
        return
    if not backup.is_trusted:
        yield Obstacle(
            "The backup was made elsewhere, so it replaces nothing.", "Restore it into a new database."
        )
    if manifest and manifest.selection:
        yield Obstacle(
            f"The backup holds a part of {backup.database} alone: {', '.join(manifest.selection[:5])}.",
            "Restore it into a new database.",
        )


def _of_database(
    adapter: BackupAdapter, subject: Subject, backup: BackupFacts, new_name: str
) -> Iterator[Obstacle]:
    if not are_kin(Dialect(backup.dialect), adapter.database.dialect):
        yield Obstacle(
            f"The backup is one of {backup.dialect}, {subject.name} is {adapter.database.dialect}."
        )
    elif backup.is_trusted and backup.database != subject.name:
        # Its server said who owns what: one that lies could name whoever rules the other server.
        yield Obstacle(
            f"The backup is one of {backup.database}: roles of the names there own and may do the same here.",
            f"Go on only if you trust the server of {backup.database}.",
            is_fatal=False,
        )
    if new_name:
        if operation_of(new_name):
            yield Obstacle(f"The name {visible(new_name)} is kept for what the console makes itself.")
        elif exists(adapter, new_name):
            yield Obstacle(f"There is a database {visible(new_name)} already.", "Choose another name.")
    elif subject.is_own and backup.revision not in {known.id for known in known_revisions()}:
        yield Obstacle(
            f"The backup is at revision {backup.revision or 'none'}, which this release does not know.",
            "Install the release that made it, and restore there.",
        )


def _of_room(
    adapter: BackupAdapter, backup: BackupFacts, manifest: Manifest | None, new_name: str
) -> Iterator[Obstacle]:
    needed, free = room_needed(backup, manifest), adapter.free_space()
    if needed and free is not None and free < needed:
        yield Obstacle(
            f"The disk of the server is too full: {in_words(free)} free, {in_words(needed)} needed.",
            "Free space there, or restore on another server.",
        )
    if new_name:
        return
    try:
        left = backup_folder().free_space()
    except BackupError as error:
        yield Obstacle(error.message, error.hint)
        return
    if left < backup.size:
        yield Obstacle(
            f"The disk with the backups is too full for one of what is there now: {in_words(left)} free.",
            "Prune old backups, or set BACKUP_DIR to a folder on another disk.",
        )


def are_kin(one: Dialect, other: Dialect) -> bool:
    """True where what one of them dumped can be restored on the other."""
    first, second = adapter_class(one), adapter_class(other)
    return issubclass(first, second) or issubclass(second, first)
