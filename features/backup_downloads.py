"""A backup's file handed out, to be kept elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import IO

from core.progress import Operation, operation


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
    raise NotImplementedError


@operation("backup.download", title="Download {backup}", target="download of {backup}")
def download_backup(op: Operation, backup: str) -> Download:
    """`open_download`, and the audit says who did it. Raises what that raises."""
    op.phase("Open the file")
    return open_download(backup)
