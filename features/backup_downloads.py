"""A backup's file handed out, to be kept elsewhere."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import IO

from core.errors import BackupDamaged, NotFound
from core.progress import Operation, operation
from database.transactions import transaction
from features.backup_files import backup_folder
from features.backup_rows import facts_of, find_backup


@dataclass(frozen=True)
class Download:
    """A backup as it is stored, encrypted where it is: `stream` is open at its beginning, and whoever took it
    closes it; `size` is in bytes."""

    name: str
    size: int
    sha256: str
    stream: IO[bytes] = field(repr=False)


def open_download(id_or_name: str) -> Download:
    """The file of the backup of that id or name. Needs an application context. Raises NotFound, BackupDamaged
    when the file is gone."""
    with transaction() as session:
        backup = facts_of(find_backup(session, id_or_name))
    try:
        with backup_folder().open(backup.file) as file:
            stream = os.fdopen(os.dup(file.fileno()), "rb")
    except NotFound as error:
        raise BackupDamaged(f"The file of {backup.name} is gone.") from error
    return Download(backup.file, os.fstat(stream.fileno()).st_size, backup.sha256, stream)


@operation("backup.download", title="Download {backup}", target="download of {backup}")
def download_backup(op: Operation, backup: str) -> Download:
    """`open_download`, and the audit says who did it. Raises what that raises."""
    op.phase("Open the file")
    return open_download(backup)
