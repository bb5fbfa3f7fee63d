"""Backups that lie in the folder, written down."""

from __future__ import annotations

from core.backup_levels import Level
from core.clock import utc_now
from core.text import size as in_words
from core.text import visible
from database.manifest import Manifest
from database.transactions import transaction
from features.backup_rows import BackupFacts, facts_of
from models import Backup, BackupEvidence

_LONGEST = 100  # characters of what a server says of itself


def record_backup(
    manifest: Manifest,
    manifest_sha256: str,
    *,
    database_id: str | None,
    is_own: bool,
    reason: str = "by hand",
    note: str = "",
    operation_id: str = "",
    database: str = "",
    origin: str = "made",
) -> BackupFacts:
    """Write the row of a backup that lies whole in the folder, with the evidence that it is stored: one that
    was made here, or one of another console, of what is called `database` here. Needs an application
    context. Raises Conflict when it is written already, ServerError."""
    row = _row(manifest, manifest_sha256)
    row.database_id, row.is_own = database_id, is_own
    row.reason, row.note, row.operation_id = reason, note, operation_id
    row.database, row.origin = database or manifest.database, origin
    with transaction() as session:
        session.add(row)
        session.flush()
        session.add(_stored(row))
        return facts_of(row)


def _row(manifest: Manifest, manifest_sha256: str) -> Backup:
    data = manifest.file("data")
    assert data, "a backup without data is none"
    return Backup(
        id=manifest.id,
        made_by=_short(manifest.made_by),
        dialect=manifest.dialect,
        server=_short(manifest.server),
        tool=_short(manifest.tool),
        revision=_short(manifest.revision),
        file=data.name,
        sha256=data.sha256,
        size=data.size,
        manifest_sha256=manifest_sha256,
        data_size=manifest.data_size,
        table_count=len(manifest.inventory.tables),
        row_count=manifest.inventory.rows,
        is_whole=not manifest.selection,
        has_contents=bool(manifest.inventory.hash),
        encrypted_to=manifest.encrypted_to,
        taken_at=manifest.taken_at,
        seconds=manifest.seconds,
        level=Level.STORED,
        proven_at=utc_now(),
    )


def _stored(row: Backup) -> BackupEvidence:
    return BackupEvidence(
        backup_id=row.id,
        level=Level.STORED,
        is_met=True,
        seen_at=row.proven_at,
        seconds=row.seconds,
        details=f"{in_words(row.size)}, synced to disk, SHA-256 {row.sha256}",
        operation_id=row.operation_id,
    )


def _short(text: str) -> str:
    return visible(text)[:_LONGEST]
