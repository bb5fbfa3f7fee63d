"""Backups: taken, looked at, pinned, downloaded."""

from __future__ import annotations

from core.actor import Role
from core.progress import Operation, operation
from database.transactions import transaction
from features.backup_calendar import CalendarDay, calendar
from features.backup_details import BackupDetails, read_backup
from features.backup_downloads import Download, download_backup, open_download
from features.backup_figures import BackupSize, BackupSummary, backup_sizes, summarise
from features.backup_list import BackupCounts, BackupPage, list_backups
from features.backup_rows import BackupFacts, EvidenceFacts, facts_of, find_backup

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

REASONS = ("by hand", "schedule", "before restore", "before migration")


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
    byte. Within one operation the same database is backed up once. Raises NotFound, InvalidInput,
    BackupIncompatible, BackupError when there is no room, ServerError, ToolError, OperationCancelled: then
    nothing is kept."""
    raise NotImplementedError


@operation("backup.pin", title="Pin {backup}", target="{backup}", role=Role.OPERATOR)
def pin_backup(op: Operation, backup: str, pinned: bool = True) -> BackupFacts:
    """Keep the backup of that id or name whatever its age, or no longer. Raises NotFound."""
    with transaction() as session:
        row = find_backup(session, backup)
        row.is_pinned = pinned
        session.flush()
        return facts_of(row)
