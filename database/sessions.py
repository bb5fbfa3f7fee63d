"""Statements that a cancel can end: a second connection ends the session of the first while it still waits
for its answer, so that nobody waits for what nobody wants any more (ARCHITECTURE section 4, rule 4).

Without it the work would hear of the cancel only after the statement, and the server would finish that even
when the work's own process is killed (TRUST D7)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock

from core.connection import ConnectionParameters
from core.progress import Operation
from database.adapters import closing_connection
from database.adapters.base import Adapter, Connection


@contextmanager
def cancellable(
    op: Operation, parameters: ConnectionParameters, timeout: float
) -> Iterator[tuple[Adapter, Connection]]:
    """`closing_connection`, whose running statement and session a cancel of `op` ends. Raises
    OperationCancelled then, and what `closing_connection` raises."""
    with (
        closing_connection(parameters, timeout) as (adapter, connection),
        _ended_by(op, adapter.way_to_end(connection, timeout)),
    ):
        yield adapter, connection


@contextmanager
def _ended_by(op: Operation, end: Callable[[], None]) -> Iterator[None]:
    """`op.ending(end)`, but once the block is over nothing is ended any more: the session's number may
    then be somebody else's."""
    turn = Lock()
    is_over = False

    def end_in_time() -> None:
        with turn:
            if not is_over:
                end()

    try:
        with op.ending(end_in_time):
            yield
    finally:
        with turn:
            is_over = True
