"""The dump of an SQLite database, read through and put back: it is the file itself."""

from __future__ import annotations

import os
from pathlib import Path

from core.errors import BackupDamaged, BackupIncompatible, ServerError
from core.progress import Operation
from core.text import plural, visible
from database.adapters.backup import Source
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.errors import explain_file
from database.adapters.sqlite.places import driver, opened_still

_MAGIC = b"SQLite format 3\0"
_HEADER = 100
_CHUNK = 1024 * 1024
_NEWEST_FORMAT = 2  # 1: a rollback journal, 2: a write-ahead log


def read_through(op: Operation, source: Source) -> str:
    """Decode all of it and say how many pages came; advances by bytes. Raises BackupDamaged."""
    with source.data() as stream:
        header = stream.read(_HEADER)
        page, pages = _sizes(header)
        length = len(header)
        while data := stream.read(_CHUNK):
            length += len(data)
            op.advance(len(data))
    if length % page or (pages and length != page * pages):
        raise BackupDamaged(f"The dump has {length:,} bytes; {pages:,} pages of {page:,} were announced.")
    return plural(length // page, "page")


def write_file(op: Operation, source: Source, place: SQLiteAdapter) -> None:
    """Write all of it into the place's empty file, on the disk when this returns, and let SQLite read every
    page of it, but run nothing that it holds; advances by bytes. Raises BackupDamaged, BackupIncompatible,
    ServerError for a full disk."""
    path = Path(place.parameters.database)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC)
        with os.fdopen(handle, "wb", buffering=0) as file, source.data() as stream:
            header = stream.read(_HEADER)
            _sizes(header)
            file.write(header)
            while data := stream.read(_CHUNK):
                file.write(data)
                op.advance(len(data))
            os.fsync(file.fileno())
    except OSError as error:
        raise explain_file(place.parameters, error) from error
    _check(op, place, "quick_check" if source.is_trusted else "integrity_check")


def _check(op: Operation, place: SQLiteAdapter, check: str) -> None:
    with opened_still(place) as connection, op.ending(driver(connection).interrupt):
        try:
            found = [str(row[0]) for row in place.rows(connection, f"PRAGMA {check}(5)")]
        except ServerError as error:
            found = [error.message]  # too damaged to be checked
    if found != ["ok"]:
        raise BackupDamaged(f"SQLite finds the restored file damaged: {visible('; '.join(found)[:500])}")


def _sizes(header: bytes) -> tuple[int, int]:
    """Bytes of a page, and how many pages the header announces, 0 where it does not tell."""
    if len(header) < _HEADER or not header.startswith(_MAGIC):
        raise BackupDamaged("The dump is no SQLite database.")
    if max(header[18:20]) > _NEWEST_FORMAT:
        raise BackupIncompatible("The file has a format that this release of SQLite does not know.")
    number = int.from_bytes
    page = number(header[16:18], "big")
    page = 65536 if page == 1 else page
    if page < 512 or page & (page - 1):
        raise BackupDamaged(f"The dump is no SQLite database: its pages have {page} bytes.")
    is_told = header[24:28] == header[92:96]  # else an old release wrote last and left the number alone
    return page, number(header[28:32], "big") if is_told else 0
