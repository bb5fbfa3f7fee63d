"""The pages of one SQLite database put in the place of another's, in one transaction: whoever has the file
open goes on with the new content, and a crash leaves the old or the new, never a part of each.

    live --> copy     new, with a mark in it --> live     copy becomes `kept`     new and mark are removed

The mark is a table that comes into the live file with the new pages and no other way, so that it tells after
a crash whether they are there (docs/decisions/sqlite-swap.md)."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path

from core.errors import AppError, Conflict, ServerError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import visible
from database.adapters.backup import Swap, SwapState
from database.adapters.base import Connection
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.errors import explain_file, is_damage
from database.adapters.sqlite.places import Places, copy_of, driver, opened, remove_own
from database.adapters.sqlite.replacing import keep_and_replace
from database.adapters.sqlite.rewriting import write_anew
from database.adapters.sqlite.setting_aside import is_unreadable, set_aside

_MARK = "bk_swap_"
_DIGITS = 16
# To the letter, as somebody's own table may have such a name.
_MARKS = f"""
    SELECT name FROM sqlite_master WHERE name GLOB '{_MARK}{"[0-9a-f]" * _DIGITS}'
    AND sql = 'CREATE TABLE "' || name || '" (swap)'
"""


def state_of(places: Places, swap: Swap, timeout: float) -> SwapState:
    """How far it has come, as the files show."""
    new, kept = places.path(swap.new), places.path(swap.kept)
    if _is_half_set_aside(places, new, kept):
        return SwapState.HALF
    is_marked = has_mark(places, new, timeout)
    if is_marked:
        return SwapState.HALF if kept.exists() or copy_of(new).exists() else SwapState.UNKNOWN
    if kept.exists():  # what is kept comes before the new file goes, and the mark goes last
        return SwapState.UNKNOWN if new.exists() else SwapState.AFTER
    return SwapState.BEFORE if new.exists() else SwapState.UNKNOWN


def perform(op: Operation, places: Places, swap: Swap, timeout: float) -> None:
    """Do it, from wherever an earlier try left it. Raises Conflict, LockTimeout, ServerError, and
    OperationCancelled, which comes only before the live file is touched."""
    state = state_of(places, swap, timeout)
    new, kept = places.path(swap.new), places.path(swap.kept)
    if state is SwapState.UNKNOWN:
        raise _conflict(new, kept)
    if state is SwapState.BEFORE:
        _check_is_the_one(places, swap)
    if _is_half_set_aside(places, new, kept) or (
        state is SwapState.BEFORE and is_unreadable(places, timeout)
    ):
        set_aside(op, places, new, kept, timeout)
        return
    if state is SwapState.BEFORE:
        _put(op, places, new, timeout)
    if state is not SwapState.AFTER:
        _clean_up(places, new, kept, timeout)


def _put(op: Operation, places: Places, new: Path, timeout: float) -> None:
    live, copy = places.adapter(places.live), places.adapter(copy_of(new))
    remove_own(copy_of(new))  # of an earlier try: others may have written since
    try:
        _fit(op, live, places.adapter(new), mark_of(new), timeout)
        keep_and_replace(op, live, copy, places.adapter(new), timeout)
    except AppError:
        with suppress(AppError, OSError):  # whoever comes next finds it
            if not has_mark(places, new, timeout):
                remove_own(copy_of(new))
        raise


def mark_of(new: Path) -> str:
    """The name of the table that tells that the pages of `new` have come."""
    return _MARK + hashlib.sha256(str(new).encode()).hexdigest()[:_DIGITS]


def has_mark(places: Places, new: Path, timeout: float) -> bool:
    """True while the live file holds the pages of `new` and the swap is not finished."""
    live = places.adapter(places.live)
    try:
        with opened(live, timeout) as connection:
            return mark_of(new) in _marks(live, connection)
    except ServerError as error:
        if is_damage(error):
            return False  # pages that came came whole
        raise


def _is_half_set_aside(places: Places, new: Path, kept: Path) -> bool:
    """True while the live file has both names."""
    return new.exists() and kept.exists() and kept.samefile(places.live)


def _marks(adapter: SQLiteAdapter, connection: Connection) -> list[str]:
    return [name for (name,) in adapter.rows(connection, _MARKS)]


def _conflict(new: Path, kept: Path) -> Conflict:
    if new.exists():
        return Conflict(f"There is a file {visible(kept.name)} already.", hint="Move it, then try again.")
    return Conflict(f"{visible(new.name)} is not there any more.", hint="Restore the backup again.")


def _check_is_the_one(places: Places, swap: Swap) -> None:
    """The file of an undone swap has the number it always had, and the pages have changed hands: so either of
    the two numbers will do."""
    expected = (swap.live_identity, swap.new_identity)
    if any(expected) and places.identity(places.live) not in expected:
        raise Conflict(
            f"Another file was put in the place of {visible(swap.live)}.", hint="Restore the backup again."
        )


def _fit(op: Operation, live: SQLiteAdapter, new: SQLiteAdapter, mark: str, timeout: float) -> None:
    """Make the new file one whose pages the live file can take, and mark it. A live one with a write-ahead
    log cannot change the size of its pages; how it is written stays as it is."""
    with opened(live, timeout) as connection:
        wanted = live.value(connection, "PRAGMA page_size")
    with opened(new, timeout) as connection:
        new.rows(connection, "PRAGMA journal_mode = DELETE")
        new.rows(connection, "PRAGMA foreign_keys = OFF")
        for old in _marks(new, connection):
            new.rows(connection, f"DROP TABLE {new.quote(old)}")
        if new.value(connection, "PRAGMA page_size") != wanted:
            new.rows(connection, f"PRAGMA page_size = {wanted:d}")
            with op.ending(driver(connection).interrupt):
                write_anew(new, connection)
        new.rows(connection, f"CREATE TABLE {new.quote(mark)} (swap)")
    failpoint("swap.fitted")


def _clean_up(places: Places, new: Path, kept: Path, timeout: float) -> None:
    try:
        with suppress(FileNotFoundError):  # it has its name already
            copy_of(new).rename(kept)
        _sync(kept.parent)
        failpoint("swap.kept")
        remove_own(new)
    except OSError as error:
        raise explain_file(places.adapter(kept).parameters, error) from error
    failpoint("swap.removed")
    live = places.adapter(places.live)
    with opened(live, timeout) as connection:
        live.rows(connection, "PRAGMA foreign_keys = OFF")
        live.rows(connection, f"DROP TABLE IF EXISTS {live.quote(mark_of(new))}")
        live.lock_patience(connection, 0)
        live.rows(
            connection, "PRAGMA wal_checkpoint(TRUNCATE)"
        )  # where there is such a log and nobody reads it
    failpoint("swap.done")


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
