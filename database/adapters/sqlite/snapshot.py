"""An SQLite database held still: a copy of it, made by the online backup, that nobody writes to. SQLite is
the one dialect that needs a second, uncompressed copy on the disk for as long as the backup takes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import IO

from core.clock import utc_now
from core.errors import BackupError, DatabaseDamaged
from core.progress import Operation
from core.text import size as in_words
from core.text import visible
from database.adapters.backup import Selection, Snapshot, name_for
from database.adapters.base import Connection, ServerVersion
from database.adapters.explanations import FREE_SPACE
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.copying import copy_to_file, journal_of
from database.adapters.sqlite.errors import explain_file
from database.adapters.sqlite.inventory import read_inventory
from database.adapters.sqlite.places import ENDING, Places, copy_of, driver, opened, opened_still, remove_own
from database.adapters.sqlite.selection import leave_out_the_rest
from database.manifest import Inventory

_CHUNK = 1024 * 1024


class SQLiteSnapshot(Snapshot):
    """The copy, in a file of ours. Inventory and dump read that very file."""

    is_exact = True

    def __init__(self, copy: SQLiteAdapter, server: ServerVersion, size: int, journal: str) -> None:
        self._copy = copy
        self._journal = journal
        self.server = server
        self.size = size
        self.tool = f"{server} online backup"
        self.taken_at: datetime = utc_now()
        self.revision = ""
        self.warnings: tuple[str, ...] = ()

    def dump(self, op: Operation, out: IO[bytes]) -> None:
        with Path(self._copy.parameters.database).open("rb", buffering=0) as file:
            while data := file.read(_CHUNK):
                op.check()
                out.write(data)

    def inventory(self, op: Operation, *, contents: bool) -> Inventory:
        with opened_still(self._copy) as connection:
            return read_inventory(op, self._copy, connection, contents=contents, journal=self._journal)


@contextmanager
def taken(op: Operation, places: Places, selection: Selection, timeout: float) -> Iterator[SQLiteSnapshot]:
    """The snapshot, whose copy is removed at the end. Raises what `BackupAdapter.snapshot` raises,
    BackupError for a disk without room for the copy, ServerError for a damaged database."""
    path = copy_of(places.scratch.resolve() / f"{name_for('scratch', op)}{ENDING}")
    copy = places.adapter(path)
    remove_own(path)  # of an attempt that was cut off
    try:
        snapshot = _take(op, places, copy, timeout)
        if selection.names:
            snapshot.warnings = leave_out_the_rest(op, copy, selection)
        with opened_still(copy) as connection:
            _check(op, copy, connection)
            snapshot.revision = ", ".join(copy.revisions(connection))
        yield snapshot
    finally:
        remove_own(path)


def _take(op: Operation, places: Places, copy: SQLiteAdapter, timeout: float) -> SQLiteSnapshot:
    live = places.adapter(places.live)
    with opened(live, timeout) as connection:
        size = live.database_size(connection)
        snapshot = SQLiteSnapshot(copy, live.server_version(connection), size, journal_of(driver(connection)))
        try:
            places.make_scratch()
            _check_room(places.scratch, size)
            copy_to_file(op, live, connection, copy)
        except OSError as error:
            raise explain_file(copy.parameters, error) from error
    return snapshot


def _check_room(folder: Path, needed: int) -> None:
    if (free := shutil.disk_usage(folder).free) < needed:
        raise BackupError(
            f"{visible(str(folder))} has {in_words(free)} free; a backup of SQLite first makes a copy of "
            f"{in_words(needed)} there. Nothing was kept.",
            hint=FREE_SPACE,
        )


def _check(op: Operation, copy: SQLiteAdapter, connection: Connection) -> None:
    """A damaged database is not backed up as if it were whole."""
    with op.ending(driver(connection).interrupt):
        found = [str(row[0]) for row in copy.rows(connection, "PRAGMA quick_check(5)")]
    if found != ["ok"]:
        raise DatabaseDamaged(
            f"The database is damaged: {visible('; '.join(found))}", hint="Restore a backup that is verified."
        )
