"""The live pages copied, and others put in their place, with no write of anybody lost between the two."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import LockTimeout
from core.failpoints import failpoint
from core.progress import Operation
from database.adapters.base import translated
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.copying import BUSY, WAL, copy_to_file, journal_of
from database.adapters.sqlite.places import driver, opened, remove_own

if TYPE_CHECKING:
    import sqlite3

_TRIES = 5
_DONE = 101  # SQLITE_DONE: the transaction is over


class _Changed(Exception):
    """Somebody wrote after the copy was made."""


def keep_and_replace(
    op: Operation, live: SQLiteAdapter, copy: SQLiteAdapter, new: SQLiteAdapter, timeout: float
) -> None:
    """Copy the live pages into the file of `copy`, then put those of `new` in their place, both on the disk
    when this returns. Raises LockTimeout, ServerError, OperationCancelled; then the live pages are as they
    were."""
    for _ in range(_TRIES):
        try:
            _keep_and_replace(op, live, copy, new, timeout)
            failpoint("swap.replaced")
            return
        except _Changed:
            op.note("Another process wrote in between: the copy is made again.")
            remove_own(Path(copy.parameters.database))
    raise LockTimeout("Another process writes all the time.", hint="Stop what writes, then try again.")


def _keep_and_replace(
    op: Operation, live: SQLiteAdapter, copy: SQLiteAdapter, new: SQLiteAdapter, timeout: float
) -> None:
    with ExitStack() as stack:
        writer, reader = (driver(stack.enter_context(opened(live, timeout))) for _ in range(2))
        stack.enter_context(translated(live))
        has_log = journal_of(reader) == WAL
        if not has_log:
            writer.execute("PRAGMA locking_mode = EXCLUSIVE")  # then the lock outlasts its transaction
        writer.execute("PRAGMA synchronous = EXTRA")
        writer.execute("BEGIN IMMEDIATE")  # from here on others wait to write
        copy_to_file(op, live, driver(reader), copy)
        _sync(Path(copy.parameters.database))
        version = _version(reader)
        failpoint("swap.copied")
        writer.execute("ROLLBACK")  # the pages come in a transaction of their own
        failpoint("swap.released")

        def begun() -> None:
            if has_log and _version(reader) != version:
                raise _Changed()

        _put_pages(new, writer, _Watch(op, begun, timeout), timeout)


def _put_pages(new: SQLiteAdapter, writer: sqlite3.Connection, watch: _Watch, timeout: float) -> None:
    """All pages of `new` in one transaction, whose first step takes the lock."""
    with opened(new, timeout) as connection, translated(new):
        source = driver(connection)
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()
        source.backup(writer, pages=1, progress=watch, sleep=0.02)


def _version(reader: sqlite3.Connection) -> int:
    """A number that changes when another connection commits."""
    return int(reader.execute("PRAGMA data_version").fetchone()[0])


class _Watch:
    """Hears of every page that was put, and lets it be given up until the last one is."""

    def __init__(self, op: Operation, begun: Callable[[], None], timeout: float) -> None:
        self._op = op
        self._begun: Callable[[], None] | None = begun
        self._end = time.monotonic() + timeout

    def __call__(self, status: int, left: int, total: int) -> None:
        if status == _DONE:
            return
        self._op.check()
        if status in BUSY:
            if time.monotonic() > self._end:
                raise LockTimeout(
                    "Other processes do not let go of the database.", hint="Stop them, then try again."
                )
            return
        if self._begun:
            self._begun()
            self._begun = None
            failpoint("swap.begun")
        elif left == 1:
            failpoint("swap.nearly")


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
