"""The lock that whoever changes the schema holds: the server's own, so that it ends with its holder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.connection import ConnectionParameters
from database.adapters import closing_connection

NAME = "basekeeper-schema"
PATIENCE = 30.0
_CONNECT_TIMEOUT = 30.0


@contextmanager
def schema_lock(parameters: ConnectionParameters, patience: float = PATIENCE) -> Iterator[None]:
    """Hold the schema of that database on a connection of its own. Waits at most `patience` seconds.
    Raises TargetBusy naming the session that holds it."""
    with (
        closing_connection(parameters, _CONNECT_TIMEOUT) as (adapter, connection),
        adapter.native_lock(connection, NAME, patience),
    ):
        yield
