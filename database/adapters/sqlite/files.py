"""The files of an SQLite database: made, removed, and locked between processes."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from glob import escape
from pathlib import Path

from core.errors import AlreadyExists, InvalidInput, NotFound, ServerError, TargetBusy
from core.text import visible
from database.adapters.waiting import keep_trying

_MAGIC = b"SQLite format 3\0"
COMPANIONS = ("-wal", "-shm", "-journal")


def make_file(path: Path) -> None:
    """An empty file, for its owner only; its folder too. Raises AlreadyExists, InvalidInput, OSError."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    except FileExistsError as error:
        raise AlreadyExists(f"The file {visible(str(path))} is there already.") from error
    except OSError as error:
        if error.errno == errno.ENAMETOOLONG:
            raise InvalidInput("The name of the file is too long.") from error
        raise


def remove_file(path: Path, *, is_known: bool = False) -> None:
    """Remove the database and what SQLite and we keep beside it, the database last but for its locks; and
    `path` itself, where it is a link. Raises NotFound, OSError, and ServerError for a file that is no SQLite
    database, unless it `is_known` to have been one."""
    if not path.is_file():
        raise NotFound(f"There is no database file {visible(str(path))}.")
    with path.open("rb") as file:
        if not is_known and file.read(len(_MAGIC)) not in (_MAGIC, b""):
            raise ServerError(f"The file {visible(str(path))} is not an SQLite database; it was not removed.")
    real = path.resolve()
    for ending in COMPANIONS:
        real.with_name(real.name + ending).unlink(missing_ok=True)
    real.unlink()
    path.unlink(missing_ok=True)
    for lock in real.parent.glob(f"{escape(real.name)}.*lock"):
        lock.unlink(missing_ok=True)


@contextmanager
def file_lock(path: Path, name: str, patience: float) -> Iterator[None]:
    """Hold an exclusive `flock` on `path`, which the kernel takes back when the process ends. The holder's
    process id is written inside. Raises TargetBusy that names it after `patience` seconds."""
    held: list[int] = []
    try:
        taken = keep_trying(patience, lambda: _take(path, held))
    except OSError as error:
        raise ServerError(f"The lock file {visible(str(path))} cannot be used: {error.strerror}") from error
    if not taken:
        raise TargetBusy(
            f'The lock "{name}" is held by process {_holder(path)}.', hint="Wait until it is done, or end it."
        )
    try:
        yield
    finally:
        os.close(held[0])


def _take(path: Path, held: list[int]) -> bool:
    import fcntl

    handle = os.open(path, os.O_CREAT | os.O_RDWR | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever dropped the database meanwhile removed this file: a lock on it would guard nothing.
        if os.fstat(handle).st_ino == path.stat().st_ino:
            os.truncate(handle, 0)
            os.write(handle, f"{os.getpid()}\n".encode())
            held.append(handle)
    except (BlockingIOError, FileNotFoundError):
        pass
    finally:
        if not held:
            os.close(handle)
    return bool(held)


def _holder(path: Path) -> str:
    try:
        return path.read_text().strip() or "unknown"
    except OSError:
        return "unknown"
