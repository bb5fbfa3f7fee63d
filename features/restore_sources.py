"""A backup opened to be put back: every file hashed first, and decoded as often as it is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from core.progress import Operation
from database.adapters.backup import Source
from database.archive_reader import opened_backup
from database.context import current_settings
from database.manifest import Inventory, Manifest, StoredFile
from database.transactions import transaction
from features.backup_files import backup_folder, manifest_of
from features.backup_rows import BackupFacts, facts_of, find_backup


def read_source_manifest(id_or_name: str) -> tuple[BackupFacts, Manifest | None]:
    """The backup of that id or name, and its manifest; None for one that has none, since it came from
    elsewhere. Needs an application context. Raises NotFound, BackupDamaged."""
    with transaction() as session:
        row = find_backup(session, id_or_name)
        backup, sha256 = facts_of(row), row.manifest_sha256
    return backup, manifest_of(backup, sha256) if sha256 else None


@contextmanager
def opened_source(
    op: Operation, backup: BackupFacts, manifest: Manifest | None, *, check: bool = True
) -> Iterator[Source]:
    """The backup to read from in the block; where `check` asks for it, every byte is held against its hash
    first, which advances by bytes. Needs an application context. Raises NotFound, BackupDamaged."""
    identity = current_settings().backup_identity
    files = manifest or _stand_in(backup)
    with opened_backup(
        op, backup_folder(), files, identity, is_trusted=backup.is_trusted, check=check
    ) as source:
        yield replace(source, manifest=manifest)


def _stand_in(backup: BackupFacts) -> Manifest:
    """What is known of a backup without a manifest: its one file."""
    return Manifest(
        id=backup.id,
        database=backup.database,
        dialect=backup.dialect,
        server=backup.server,
        server_numbers=(),
        tool=backup.tool,
        taken_at=backup.taken_at,
        seconds=backup.seconds,
        revision=backup.revision,
        is_exact=False,
        inventory=Inventory(()),
        files=(StoredFile("data", backup.file, backup.size, backup.sha256),),
    )
