"""Backups: taken, looked at, pinned, downloaded."""

from __future__ import annotations

from sqlalchemy import select

from core.actor import Role
from core.errors import InvalidInput
from core.failpoints import failpoint
from core.naming import new_id
from core.progress import Operation, operation
from core.text import size as in_words
from database.adapters.backup import Selection
from database.backups import Order
from database.context import current_settings
from database.transactions import transaction
from features.backup_calendar import CalendarDay, calendar
from features.backup_details import BackupDetails, read_backup
from features.backup_downloads import Download, download_backup, open_download
from features.backup_figures import BackupSize, BackupSummary, backup_sizes, summarise
from features.backup_leftovers import recover_backups
from features.backup_list import BackupCounts, BackupPage, backups_of, list_backups
from features.backup_recording import record_backup
from features.backup_rows import BackupFacts, EvidenceFacts, facts_of, find_backup
from features.backup_subjects import Subject, find_subject
from features.backup_tries import AGAIN, try_backup
from models import Backup

__all__ = [
    "REASONS",
    "BackupCounts",
    "BackupDetails",
    "BackupFacts",
    "BackupPage",
    "BackupSize",
    "BackupSummary",
    "CalendarDay",
    "Download",
    "EvidenceFacts",
    "backup_sizes",
    "calendar",
    "create_backup",
    "download_backup",
    "list_backups",
    "open_download",
    "pin_backup",
    "read_backup",
    "summarise",
]

NOTE_LENGTH = 1000
_EACH_TIME = "before restore"
REASONS = ("by hand", "schedule", _EACH_TIME, "before migration")


@operation("backup.create", title="Back up {database}", target="{database}", role=Role.OPERATOR, attempts=2)
def create_backup(
    op: Operation,
    database: str,
    *,
    made_by: str,
    reason: str = REASONS[0],
    note: str = "",
    tables: list[str] | None = None,
    schemas: list[str] | None = None,
    contents: bool = True,
) -> BackupFacts:
    """Back up the database people call `database`, or only those tables and schemas of it, and count its rows
    in the same snapshot; with their `contents` hashed, a restored copy can be shown to be equal to the last
    byte. Within one operation the same database is backed up once, but before a restore by each attempt:
    what was written since the last would be in none. Raises NotFound, InvalidInput, BackupIncompatible,
    BackupError when there is no room, ServerError, ToolError, OperationCancelled: then nothing is kept."""
    subject = find_subject(database)
    _check(reason, note)
    selection = Selection(tuple(tables or ()), tuple(schemas or ()))
    key = current_settings().backup_encryption_key
    taken = None
    for left in range(AGAIN, -1, -1):
        recover_backups(ended=op.id)  # what an attempt made that was cut off at its very end
        if reason != _EACH_TIME and (made := _made_by(op.id, subject)) is not None:
            return made
        order = Order(_new_id(op.id), subject.name, made_by, selection, contents, key, _last_size(subject))
        if taken := try_backup(op, subject.open_adapter(), order, is_last=not left):
            break
    assert taken  # the last try gives it, or raises
    facts = record_backup(
        taken.manifest,
        taken.manifest_sha256,
        database_id=subject.database_id,
        is_own=subject.is_own,
        reason=reason,
        note=note,
        operation_id=op.id,
    )
    failpoint("backup.recorded")
    op.note(f"Stored as {facts.name}: {in_words(facts.size)}.")
    return facts


@operation("backup.pin", title="Pin {backup}", target="pin of {backup}", role=Role.OPERATOR)
def pin_backup(op: Operation, backup: str, pinned: bool = True) -> BackupFacts:
    """Keep the backup of that id or name whatever its age, or no longer. Raises NotFound."""
    with transaction() as session:
        row = find_backup(session, backup)
        row.is_pinned = pinned
        session.flush()
        return facts_of(row)


def _check(reason: str, note: str) -> None:
    if reason not in REASONS:
        raise InvalidInput("That is no reason for a backup.", hint=f"Reasons: {', '.join(REASONS)}.")
    if len(note) > NOTE_LENGTH:
        raise InvalidInput(f"The note has {len(note)} characters, at most {NOTE_LENGTH} are kept.")


def _made_by(operation_id: str, subject: Subject) -> BackupFacts | None:
    """What this operation made of that database before it was cut off."""
    same = (Backup.operation_id == operation_id) & (Backup.database == subject.name)
    with transaction() as session:
        row = session.scalars(select(Backup).where(same, Backup.removed_at.is_(None))).first()
        return facts_of(row) if row else None


def _new_id(operation_id: str) -> str:
    """A backup is called as the operation that made it, by which it is found when the row is missing; the
    second of one operation has an id of its own."""
    with transaction() as session:
        return new_id() if session.get(Backup, operation_id) else operation_id


def _last_size(subject: Subject) -> int:
    """What the last backup of it took, 0 without one."""
    sizes = select(Backup.size).where(backups_of(subject.name)).order_by(Backup.taken_at.desc())
    with transaction() as session:
        return session.scalars(sizes.limit(1)).first() or 0
