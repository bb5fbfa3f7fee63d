"""The file of a backup: what a dump writes, compressed, encrypted where that is wanted, hashed on the way to
the disk, and read back with every damage told.

    dump --> zstd --> age --> SHA-256 --> NAME.<operation>.part --> fsync --> rename --> fsync of the folder

Nothing here holds more than a few megabytes, whatever the size of the database."""

from __future__ import annotations

import fcntl
import hashlib
import io
import select
import shutil
import time
from contextlib import suppress
from typing import IO, cast

import zstandard

from core.errors import BackupError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import duration
from database.age import encrypt
from database.backup_folder import BackupFolder, Part
from database.manifest import Manifest, StoredFile, manifest_text

SILENCE = 600.0  # seconds without a byte after which whoever should write counts as hung (TRUST F19)

# Rows repeat in longer pieces than texts do: with shorter matches many a dump was larger than one of gzip.
_COMPRESSION = zstandard.ZstdCompressionParameters.from_level(3, min_match=6, write_checksum=True, threads=1)
_CHUNK = 256 * 1024
_PIPE = 1024 * 1024  # bytes that a pipe holds, so that a dump need not wait for each of our steps
_STEP = 4 * 1024 * 1024  # bytes between two advances, or
_PAUSE = 0.5  # seconds between them


def write_archive(
    op: Operation,
    folder: BackupFolder,
    name: str,
    source: IO[bytes],
    *,
    part: str = "data",
    recipient: str = "",
    silence: float = SILENCE,
) -> StoredFile:
    """Write all that comes from `source`, the end of a pipe, into a part of the folder, on the disk when this
    returns; `folder.publish` makes it a backup once whoever wrote into the pipe has ended well. `recipient`
    is the age key it is encrypted to. Advances by the bytes that came. Raises BackupError, for a full disk,
    an empty source and one that is silent for so many seconds; AlreadyExists; OperationCancelled. Nothing
    is left of what failed."""
    with folder.create_part(name, op.id) as file:
        failpoint("archive.begun")
        incoming, outgoing = _Incoming(op, source, silence), _Outgoing(file)
        _encode(incoming, outgoing, recipient)
        incoming.finish()
    return StoredFile(part, name, outgoing.size, outgoing.sha256)


def write_manifest(op: Operation, folder: BackupFolder, name: str, manifest: Manifest) -> str:
    """Write the manifest and give it its name; gives the SHA-256 of its file. Raises BackupError."""
    content = manifest_text(manifest).encode()
    with folder.create_part(name, op.id) as file:
        file.write(content)
    folder.publish(op.id, name)
    return hashlib.sha256(content).hexdigest()


def _encode(incoming: _Incoming, outgoing: _Outgoing, recipient: str) -> None:
    """Pull everything through. One thread beside ours compresses while we read, hash and write."""
    compressor = zstandard.ZstdCompressor(compression_params=_COMPRESSION)
    with compressor.stream_reader(cast("IO[bytes]", incoming), read_size=_CHUNK, closefd=False) as packed:
        if recipient:
            encrypt(packed, outgoing, recipient)
        else:
            shutil.copyfileobj(packed, outgoing, _CHUNK)


def _poll(source: io.FileIO) -> select.poll:
    with suppress(OSError, AttributeError):  # no pipe, or no such system
        fcntl.fcntl(source.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)
    poll = select.poll()
    poll.register(source.fileno(), select.POLLIN)
    return poll


class _Incoming:
    """What comes from the dump, counted."""

    def __init__(self, op: Operation, source: IO[bytes], silence: float) -> None:
        self._op = op
        self._source = source
        self._silence = silence
        self._total = self._unsaid = 0
        self._said_at = time.monotonic()
        # Only of what has no buffer of its own can be told from outside whether there is more to read.
        self._poll = _poll(source) if isinstance(source, io.FileIO) else None

    def read(self, size: int = -1) -> bytes:
        """The next bytes, b"" at the end."""
        self._wait()
        data = self._source.read(size if 0 < size < _CHUNK else _CHUNK) or b""
        self._total += len(data)
        self._unsaid += len(data)
        if self._unsaid >= _STEP or time.monotonic() - self._said_at > _PAUSE:
            self._say()
        return data

    def finish(self) -> None:
        """Say what was not said yet. Raises BackupError when nothing ever came."""
        self._say()
        if not self._total:
            raise BackupError("The dump is empty. Nothing was kept.")

    def _say(self) -> None:
        by, self._unsaid, self._said_at = self._unsaid, 0, time.monotonic()
        self._op.advance(by)

    def _wait(self) -> None:
        if self._poll is None:
            return
        since = time.monotonic()
        while not self._poll.poll(int(_PAUSE * 1000)):
            self._op.check()
            if time.monotonic() - since > self._silence:
                waited = duration(self._silence)
                raise BackupError(f"No byte of the dump came for {waited}. Nothing was kept.")


class _Outgoing:
    """What goes into the file, hashed."""

    def __init__(self, file: Part) -> None:
        self._file = file
        self._hash = hashlib.sha256()
        self.size = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, data: bytes) -> int:
        self._file.write(data)
        self._hash.update(data)
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Everything is written at once."""
