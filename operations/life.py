"""The proof that a process lives where leases cannot be trusted: on SQLite, work that holds the write lock
keeps every heartbeat out. A process that runs operations there holds a lock on a file beside the database,
which the system lets go when it ends, however it ends (ARCHITECTURE section 4, rule 6)."""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.connection import ConnectionParameters
from database.adapters import adapter_for, closing_connection
from database.adapters.base import Capability
from operations.processes import ProcessMark, this_process

_PATIENCE = 5.0  # seconds to connect
_guard = threading.Lock()
_held: dict[Path, tuple[int, int]] = {}  # the descriptor, and how many operations need it


def is_proven_by_file(database: ConnectionParameters) -> bool:
    """True where the lock on a file, and not the lease, tells whether somebody works."""
    return not adapter_for(database).supports(Capability.SESSIONS)


@contextmanager
def proven_life(database: ConnectionParameters) -> Iterator[None]:
    """Prove that this process lives while the context lasts, where that takes a file."""
    if database.in_memory or not is_proven_by_file(database):
        yield
        return
    path = _path(database, this_process())
    try:
        _hold(path)
    except FileNotFoundError:  # not even its folder is there, which a connection says better
        with closing_connection(database, _PATIENCE):
            raise
    try:
        yield
    finally:
        _release(path)


def lives(database: ConnectionParameters, mark: ProcessMark) -> bool:
    """True when that process proves that it lives. What a dead one has left is removed."""
    path = _path(database, mark)
    with _guard:
        if path in _held:
            return True
        with suppress(FileNotFoundError), path.open("rb") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            path.unlink(missing_ok=True)
    return False


def _hold(path: Path) -> None:
    with _guard:
        descriptor, users = _held.get(path) or (_lock(path), 0)
        _held[path] = descriptor, users + 1


def _lock(path: Path) -> int:
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        with suppress(FileNotFoundError):  # someone who took it for a dead one's has removed it
            if path.stat().st_ino == os.fstat(descriptor).st_ino:
                return descriptor
        os.close(descriptor)


def _release(path: Path) -> None:
    with _guard:
        descriptor, users = _held.pop(path)
        if users > 1:
            _held[path] = descriptor, users - 1
            return
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _path(database: ConnectionParameters, mark: ProcessMark) -> Path:
    name = hashlib.sha256(f"{mark.pid}/{mark.process}".encode()).hexdigest()[:16]
    return Path(f"{database.database}.{name}.alive")
