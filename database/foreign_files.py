"""Files that may hold a database, told by how they begin and not by their names. Archives and database files
alone: a script is run by whoever reads it, and no parser makes one harmless (TRUST D12, B8)."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import IO

from core.clock import utc_now
from core.errors import BackupError, InvalidInput
from core.progress import Operation
from core.text import size as in_words
from core.text import visible
from database.adapters.contents import CONTENTS, Content
from database.archive import write_archive
from database.backup_folder import BackupFolder
from database.backup_names import data_name, new_stem

UPLOAD = "upload"

_LONGEST_MAGIC = 24
_OURS = (b"\x28\xb5\x2f\xfd", b"age-encryption.org/v1\n")
_UPLOADED = re.compile(rf"{UPLOAD}-\d{{8}}-\d{{6}}(-\d+)?\.(?P<suffix>dump|db)\.zst(\.age)?")


def content_of(beginning: bytes, name: str) -> Content:
    """What a file that begins so and is called `name` holds. Raises InvalidInput, with the way out."""
    for content in CONTENTS:
        if beginning.startswith(content.magic):
            return content
    shown = visible(name[:80])
    if beginning.startswith(_OURS):
        raise InvalidInput(
            f"{shown} is a compressed or encrypted backup without its manifest.",
            hint="Put both into BACKUP_DIR and adopt them there, or decrypt and decompress it first.",
        )
    raise InvalidInput(
        f"{shown} is neither an archive of pg_dump -Fc nor an SQLite database.",
        hint="SQL scripts are not restored here: whoever runs one runs whatever it says.",
    )


def uploaded_content(name: str) -> Content | None:
    """What a file holds that was uploaded, as its name says, which we gave it; None for any other file."""
    found = _UPLOADED.fullmatch(name)
    return next((one for one in CONTENTS if found and one.suffix == found["suffix"]), None)


def read_beginning(folder: BackupFolder, name: str) -> bytes:
    """The first bytes of a file of the folder. Raises NotFound, BackupError."""
    with folder.open(name) as file:
        return file.read(_LONGEST_MAGIC)


def take_in(
    op: Operation, folder: BackupFolder, stream: IO[bytes], name: str, recipient: str, *, is_upload: bool
) -> str:
    """Keep what comes out of `stream`, compressed and encrypted as a backup is, under a name of our own that
    is given back. Raises InvalidInput for what is no archive, BackupError when it is too large; then nothing
    is kept."""
    beginning = _read(stream, _LONGEST_MAGIC)
    content = content_of(beginning, name)
    limit = folder.free_space() // 2
    stem = new_stem(UPLOAD if is_upload else "adopted", utc_now(), folder.is_taken)
    kept = data_name(stem, content.suffix, encrypted=bool(recipient))
    source = io.BufferedReader(_Limited(beginning, stream.read, limit))
    with folder.parts_of(op.id):
        write_archive(op, folder, kept, source, recipient=recipient)
        folder.publish(op.id, kept)
    return kept


def check_size(folder: BackupFolder, announced: int | None) -> None:
    """Raises BackupError for more than may be kept."""
    if announced is not None and announced > (limit := folder.free_space() // 2):
        raise _too_large(limit)


class _Limited(io.RawIOBase):
    """`beginning`, and what `read` gives after it, up to a limit."""

    def __init__(self, beginning: bytes, read: Callable[[int], bytes], limit: int) -> None:
        self._beginning = beginning
        self._read = read
        self._limit = limit
        self._left = limit

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        data, self._beginning = self._beginning[: len(buffer)], self._beginning[len(buffer) :]
        data = data or self._read(len(buffer)) or b""
        self._left -= len(data)
        if self._left < 0:
            raise _too_large(self._limit)
        buffer[: len(data)] = data
        return len(data)


def _read(stream: IO[bytes], count: int) -> bytes:
    found = b""
    while len(found) < count and (data := stream.read(count - len(found))):
        found += data
    return found


def _too_large(limit: int) -> BackupError:
    return BackupError(
        f"The file is too large: at most {in_words(limit)} are kept, half of what is free. Nothing was kept.",
        hint="Free space on the disk with the backups, or set BACKUP_DIR to a folder on another disk.",
    )
