"""Backups read back: a file is opened once, hashed, and decoded from the same handle as often as needed. A
damage anywhere raises; what ends early never looks whole (TRUST B2, 1.1)."""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import IO, BinaryIO

import zstandard

from core.errors import BackupDamaged
from core.progress import Operation
from core.text import size as in_words
from database.adapters.backup import Opening, Source
from database.age import MAGIC, Reader, decrypted
from database.backup_folder import BackupFolder
from database.manifest import Manifest, StoredFile, read_manifest

_CHUNK = 128 * 1024
_STEP = 4 * 1024 * 1024
_SLICE = 2048  # 128 KiB may come out of 4 bytes: at most 64 MiB come out of this
_WINDOW = 32 * 1024 * 1024  # of memory for one archive, enough for the levels up to 19
_BUFFER = 256 * 1024
_LEAST_CAP = 64 * 1024 * 1024
_LARGEST_RATIO = 20
_MARK = b"\x28\xb5\x2f\xfd"


@contextmanager
def open_archive(file: BinaryIO, identity: str = "", *, cap: int | None = None) -> Iterator[IO[bytes]]:
    """What the dump wrote, from its beginning; `file` is one that the folder opened, and may be opened again
    and again. Reading raises BackupDamaged for what is cut, changed, or no archive, and for more than `cap`
    bytes; BackupLocked without the right `identity`, which only an encrypted one needs."""
    stored = _Stored(file)
    with ExitStack() as stack:
        source: Reader = stored
        if stored.peek(len(MAGIC)) == MAGIC:
            source = stack.enter_context(decrypted(stored, identity))
        yield stack.enter_context(io.BufferedReader(_Decoded(source, cap), _BUFFER))


def cap_of(folder: BackupFolder, stored_size: int) -> int:
    """How many bytes a file of that size from elsewhere may become (TRUST section 1.2, decompression bombs):
    20 times as many, and no more than half of what is free."""
    return min(folder.free_space() // 2, max(_LARGEST_RATIO * stored_size, _LEAST_CAP))


def hash_file(op: Operation, file: BinaryIO) -> str:
    """The SHA-256 of the whole file; advances by bytes."""
    stored, found = _Stored(file), hashlib.sha256()
    while data := stored.read(_STEP):
        found.update(data)
        op.advance(len(data))
    return found.hexdigest()


def check_stored(op: Operation, file: BinaryIO, stored: StoredFile) -> None:
    """Raises BackupDamaged unless the open file is the one that was stored (level intact)."""
    length = os.fstat(file.fileno()).st_size
    if length != stored.size:
        raise BackupDamaged(f"{stored.name} has {length:,} bytes, not {stored.size:,}.")
    if hash_file(op, file) != stored.sha256:
        raise BackupDamaged(f"The SHA-256 of {stored.name} is not that of what was stored.")


def verify_intact(op: Operation, folder: BackupFolder, manifest: Manifest) -> None:
    """Raises BackupDamaged, or NotFound, unless every file of the backup is as it was stored."""
    for stored in manifest.files:
        with folder.open(stored.name) as file:
            check_stored(op, file, stored)


def read_stored_manifest(folder: BackupFolder, name: str, sha256: str = "") -> Manifest:
    """The manifest in the file of that name. Raises NotFound, and BackupDamaged unless it has that hash."""
    text = folder.read_text(name)
    if sha256 and hashlib.sha256(text.encode()).hexdigest() != sha256:
        raise BackupDamaged("The manifest is not the one that was written.")
    return read_manifest(text)


@contextmanager
def opened_backup(
    op: Operation,
    folder: BackupFolder,
    manifest: Manifest,
    identity: str = "",
    *,
    is_trusted: bool = True,
    check: bool = True,
) -> Iterator[Source]:
    """The backup to read from in the block: its files are opened once, and where `check` asks for it hashed
    before anything is read. Raises NotFound, BackupDamaged."""
    with ExitStack() as stack:
        opened: dict[str, Opening] = {}
        for stored in manifest.files:
            file = stack.enter_context(folder.open(stored.name))
            if check:
                check_stored(op, file, stored)
            cap = None if is_trusted else cap_of(folder, stored.size)
            opened[stored.part] = partial(open_archive, file, identity, cap=cap)
        if "data" not in opened:
            raise BackupDamaged("The manifest names no file of data.")
        yield Source(opened["data"], opened.get("schema"), manifest, is_trusted)


class _Stored:
    """An open file, read from its beginning at a place of our own."""

    def __init__(self, file: BinaryIO) -> None:
        self._handle = file.fileno()
        self._at = 0

    def peek(self, count: int) -> bytes:
        """Its first bytes."""
        return os.pread(self._handle, count, 0)

    def read(self, size: int = _CHUNK) -> bytes:
        data = os.pread(self._handle, size, self._at)
        self._at += len(data)
        return data


class _Decoded(io.RawIOBase):
    """The frames of `source`, decompressed. Raises BackupDamaged unless the last one is whole."""

    def __init__(self, source: Reader, cap: int | None) -> None:
        self._source = source
        self._cap = cap
        self._packed = self._ready = memoryview(b"")
        self._frame = _new_frame()
        self._total = 0
        self._is_over = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        while not self._ready and not self._is_over:
            self._ready = memoryview(self._step())
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def _step(self) -> bytes:
        """What comes out of the next few bytes, b"" when nothing does yet."""
        if not self._packed:
            self._packed = memoryview(self._source.read(_CHUNK))
        given, self._packed = self._packed[:_SLICE], self._packed[_SLICE:]
        if not given:
            self._end()
            return b""
        try:
            return self._counted(self._decompress(given))
        except zstandard.ZstdError as error:
            raise BackupDamaged(f"What is stored cannot be decompressed: {error}.") from error

    def _decompress(self, given: memoryview) -> bytes:
        if self._frame.eof:
            self._frame = _new_frame()
        data: bytes = self._frame.decompress(given)
        if rest := self._frame.unused_data:
            self._packed = memoryview(rest + self._packed)
        return data

    def _counted(self, data: bytes) -> bytes:
        self._total += len(data)
        if self._cap is not None and self._total > self._cap:
            raise BackupDamaged(
                f"What is stored decompresses to more than {in_words(self._cap)}.",
                hint="More than that is read only from a backup that was made here.",
            )
        return data

    def _end(self) -> None:
        self._is_over = True
        if not self._frame.eof:
            raise BackupDamaged("What is stored ends too early.")


def _new_frame() -> zstandard.ZstdDecompressionObj:
    return zstandard.ZstdDecompressor(max_window_size=_WINDOW).decompressobj()
