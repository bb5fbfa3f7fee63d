"""Secrets for programs: a file for its owner only, in a folder for its owner only, gone when the block ends
(TRUST K2). What a process that was killed left behind is removed by the next one."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = "basekeeper-secret-"
_YOUNG = 60.0  # seconds; a folder that was made just now may not be locked yet
_MEMORY = Path("/dev/shm")  # never written to a disk


@contextmanager
def secret_file(content: str) -> Iterator[Path]:
    """A file of mode 0600 that holds `content`, in a folder of mode 0700. Raises OSError."""
    remove_leftovers()
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=_place()) as folder:
        lock = os.open(folder, os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # the system lets go when this process ends, however it ends
            path = Path(folder) / "secret"
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(content)
            yield path
        finally:
            os.close(lock)


def remove_leftovers() -> None:
    """Remove the folders whose process has ended without."""
    for folder in _place().glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another's, or removed by another
            if time.time() - folder.stat().st_mtime > _YOUNG and not _is_held(folder):
                shutil.rmtree(folder)


def _is_held(folder: Path) -> bool:
    handle = os.open(folder, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def _place() -> Path:
    usable = _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK | os.X_OK)
    return _MEMORY if usable else Path(tempfile.gettempdir())
