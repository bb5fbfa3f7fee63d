"""The lock that whoever changes the schema holds: the server's own, so that it ends with its holder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from core.connection import ConnectionParameters
from database.adapters import adapter_for, closing_connection
from database.adapters.base import Capability, Connection

NAME = "basekeeper-schema"
RUN_NAME = "basekeeper-migration"
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


@contextmanager
def run_lock(
    parameters: ConnectionParameters, connection: Connection, patience: float = PATIENCE
) -> Iterator[None]:
    """Hold on `connection` itself the lock of who changes the schema. When a process is killed, the lock of
    the schema goes with it at once, but the server brings the statement that runs to its end: until then
    this one is held. Raises as `schema_lock` does."""
    adapter = adapter_for(parameters)
    if not adapter.supports(Capability.SESSIONS):  # there a statement ends with its process
        yield
        return
    with adapter.native_lock(connection, RUN_NAME, patience):
        yield
