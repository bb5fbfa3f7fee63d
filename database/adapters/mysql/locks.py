"""Named locks of MySQL and MariaDB, which the server gives back when the session ends."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from core.errors import ServerError, TargetBusy
from database.adapters.base import Connection
from database.adapters.network import NetworkAdapter
from database.adapters.waiting import keep_trying

_LONGEST_NAME = 64
_SESSIONS = "SELECT id, user, host FROM information_schema.processlist"


@contextmanager
def server_lock(
    adapter: NetworkAdapter, connection: Connection, name: str, patience: float
) -> Iterator[None]:
    """Hold GET_LOCK's lock `name` of the connected database. Raises TargetBusy that names the holder."""
    full_name = lock_name(str(adapter.rows(connection, "SELECT database()")[0][0]), name)

    def take() -> bool:
        return bool(adapter.rows(connection, "SELECT get_lock(%s, 0)", (full_name,))[0][0])

    if not keep_trying(patience, take):
        raise _busy(adapter, connection, full_name, name)
    try:
        yield
    finally:
        with suppress(ServerError):  # a lost connection has given it back already
            adapter.rows(connection, "SELECT release_lock(%s)", (full_name,))


def lock_name(database: str, name: str) -> str:
    """One name for the lock `name` of `database` on the whole server, never longer than it allows."""
    text = f"basekeeper/{database}/{name}"
    if len(text) <= _LONGEST_NAME:
        return text
    return "basekeeper/" + hashlib.sha256(text.encode()).hexdigest()[: _LONGEST_NAME - 11]


def _busy(adapter: NetworkAdapter, connection: Connection, full_name: str, name: str) -> TargetBusy:
    holder = adapter.rows(connection, "SELECT is_used_lock(%s)", (full_name,))[0][0]
    if holder is None:
        return adapter.lock_busy(name)
    # The list shows sessions of other accounts to those with PROCESS only; the number is always known.
    for id_, user, host in adapter.rows(connection, _SESSIONS):
        if id_ == holder:
            return adapter.lock_busy(name, f"session {holder}", f"{user}@{host}")
    return adapter.lock_busy(name, f"session {holder}")
