"""A live file that cannot be read any more, whose pages nobody can exchange: it is put aside as it is, and
the restored file gets its name.

    live = kept --> the log and the journal of live go with kept --> new becomes live, in one step

At no moment is there no file under the live name. Whoever has the damaged one open goes on with that one, and
has to open it anew."""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

from core.errors import ServerError
from core.failpoints import failpoint
from core.progress import Operation
from database.adapters.sqlite.copying import WAL
from database.adapters.sqlite.errors import explain_file, is_damage
from database.adapters.sqlite.files import COMPANIONS
from database.adapters.sqlite.places import Places, opened


def is_unreadable(places: Places, timeout: float) -> bool:
    """True when SQLite cannot even say what is in the live file. Raises ServerError for any other trouble."""
    try:
        with opened(places.adapter(places.live), timeout):
            return False
    except ServerError as error:
        if is_damage(error):
            return True
        raise


def set_aside(op: Operation, places: Places, new: Path, kept: Path, timeout: float) -> None:
    """Do it, from wherever an earlier try left it. Raises ServerError."""
    live, adapter = places.live, places.adapter(new)
    with opened(adapter, timeout) as connection:
        mode = str(adapter.value(connection, "PRAGMA journal_mode"))
        adapter.rows(connection, "PRAGMA journal_mode = DELETE")  # all of it in the one file
    try:
        if not kept.exists():
            os.link(live, kept)
        for ending in COMPANIONS:
            with suppress(FileNotFoundError):
                _beside(live, ending).rename(_beside(kept, ending))
        _look_alike(live, new)
        _sync(live.parent)
        failpoint("swap.aside")
        new.replace(live)
        _sync(live.parent)
    except OSError as error:
        raise explain_file(places.adapter(live).parameters, error) from error
    failpoint("swap.replaced")
    if mode == WAL:
        with opened(places.adapter(live), timeout) as connection:
            adapter.rows(connection, "PRAGMA journal_mode = WAL")
    op.note(f"What was there cannot be read and is kept as it was, as {kept.name}.")
    op.note("A program that has the old file open has to be started anew.")


def _look_alike(live: Path, new: Path) -> None:
    """The same people may open it."""
    found = live.stat()
    shutil.copymode(live, new)
    with suppress(PermissionError):
        os.chown(new, found.st_uid, found.st_gid)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
