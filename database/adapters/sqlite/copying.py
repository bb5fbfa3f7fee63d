"""A copy of a live database by SQLite's online backup: whole, of one moment, while others write."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import LockTimeout
from core.progress import Operation
from database.adapters.base import Connection, translated
from database.adapters.network import LOCK_PATIENCE
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.files import make_file
from database.adapters.sqlite.places import driver, remove_own

if TYPE_CHECKING:
    import sqlite3

_PAGES = 2048  # in one step, in which a writer waits: some 10 ms
_PAUSE = 0.005  # seconds between two steps, in which it does not
_RESTARTS = 3
BUSY = (5, 6)  # SQLITE_BUSY, SQLITE_LOCKED
WAL = "wal"


class _Restarted(Exception):
    """Others wrote so often that the copy never ends."""


def copy_to_file(op: Operation, adapter: SQLiteAdapter, source: Connection, copy: SQLiteAdapter) -> None:
    """Copy the database of `source`, which is `adapter`'s, into the file of `copy`, which is made for its
    owner only and not yet on the disk when this returns. A write-ahead log lets others write meanwhile.
    Without one they wait: for a step at first, and where their writes made the copy begin anew too often, for
    the whole of it. Raises ServerError, LockTimeout, OperationCancelled, OSError."""
    import sqlite3

    try:
        with translated(adapter):
            has_log = journal_of(driver(source)) == WAL
        if not has_log:
            try:
                _into_file(driver(source), copy, _Watch(op, _RESTARTS, _PAUSE))
                return
            except _Restarted:
                op.note("Others write all the time: they wait while the database is copied.")
                remove_own(Path(copy.parameters.database))
        _hold_and_copy(driver(source), copy, _Watch(op, None, 0))
    except sqlite3.Error as error:
        is_full = error.sqlite_errorcode == sqlite3.SQLITE_FULL
        raise (copy if is_full else adapter).explain(error) from error


def journal_of(connection: sqlite3.Connection) -> str:
    """How its file is written: "wal", "delete"."""
    return str(connection.execute("PRAGMA journal_mode").fetchone()[0])


def _hold_and_copy(source: sqlite3.Connection, copy: SQLiteAdapter, watch: _Watch) -> None:
    source.execute("BEGIN")
    try:
        source.execute("SELECT count(*) FROM sqlite_master").fetchone()  # from here on it stands still
        _into_file(source, copy, watch)
    finally:
        source.execute("ROLLBACK")


def _into_file(source: sqlite3.Connection, copy: SQLiteAdapter, watch: _Watch) -> None:
    import sqlite3

    path = Path(copy.parameters.database)
    make_file(path)
    target = sqlite3.connect(f"{path.as_uri()}?mode=rw", isolation_level=None, uri=True)
    with closing(target):
        target.execute("PRAGMA journal_mode = OFF")  # nobody needs what a crash leaves of it
        target.execute("PRAGMA synchronous = OFF")
        source.backup(target, pages=_PAGES, progress=watch, sleep=0.02)


class _Watch:
    """Hears of every step: of pages left that grow again, which is a new beginning, and of a lock."""

    def __init__(self, op: Operation, restarts: int | None, pause: float) -> None:
        self._op = op
        self._restarts_left = restarts
        self._pause = pause
        self._left: int | None = None
        self._moved_at = time.monotonic()

    def __call__(self, status: int, left: int, total: int) -> None:
        self._op.check()
        if status in BUSY:
            if time.monotonic() - self._moved_at > LOCK_PATIENCE:
                raise LockTimeout("Another process keeps the database locked.", hint="Try again later.")
            return
        self._moved_at = time.monotonic()
        if self._left is not None and left >= self._left:
            self._restarted()
        self._left = left
        time.sleep(self._pause)

    def _restarted(self) -> None:
        if self._restarts_left is not None:
            self._restarts_left -= 1
            if self._restarts_left < 0:
                raise _Restarted()
