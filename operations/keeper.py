"""Keeps one running attempt: renews its lease, and hears when a cancel was asked for or when another took the
work over. A thread of its own beside the work, with a connection of its own."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from sqlalchemy import Connection, select, update

from core.clock import monotonic
from core.errors import AppError
from core.progress import Operation, never
from core.settings import Settings
from models import OperationRecord
from operations import leases
from operations.life import is_proven_by_file
from operations.rows import table_of
from operations.runs import Run
from operations.transactions import OwnConnection

TICK = 0.5  # seconds between two looks at the row
_PATIENCE = 0.25  # seconds that a look waits for a lock; the next one comes soon

_OPERATIONS = table_of(OperationRecord)
_log = logging.getLogger("basekeeper.operations")


class Keeper:
    """What is known of one attempt while it runs. `wished` tells of a cancel by other ways."""

    def __init__(self, run: Run, settings: Settings, wished: Callable[[], bool] = never) -> None:
        self._run = run
        self._wished = wished
        self._limit = None if is_proven_by_file(settings.database) else leases.LEASE
        self._renewed = monotonic()
        self._ended = False

    def cancelled(self) -> bool:
        """True when the work is to end: somebody asked for it, or it is another's by now."""
        return self._ended or self._wished() or self._has_lapsed()

    def look(self, connection: Connection) -> None:
        """Read the row, and renew the lease when it is time to."""
        now = monotonic()
        columns = (_OPERATIONS.c.state, _OPERATIONS.c.attempt, _OPERATIONS.c.cancel_requested_at)
        row = connection.execute(select(*columns).where(_OPERATIONS.c.id == self._run.id)).first()
        if row is None:
            return  # the tables are being made anew
        is_mine = (row.state, row.attempt) == ("running", self._run.attempt)
        self._ended = self._ended or not is_mine or row.cancel_requested_at is not None
        # What was cancelled is held until it has ended: its target is not free before.
        if is_mine and now - self._renewed >= leases.HEARTBEAT:
            held = leases.lease_columns(connection)
            connection.execute(update(_OPERATIONS).where(leases.own_attempt(self._run)).values(held))
            self._renewed = now

    def _has_lapsed(self) -> bool:
        return self._limit is not None and monotonic() - self._renewed > self._limit


@contextmanager
def kept(run: Run, settings: Settings, keeper: Keeper, op: Operation) -> Iterator[None]:
    """Let `keeper` watch over `op` while the context lasts. Needs an application context."""
    connection = OwnConnection(settings.database)
    if connection.shared or not run.has_lease:
        yield
        return
    over = threading.Event()
    watch = threading.Thread(target=_watch, args=(connection, keeper, op, over), daemon=True)
    watch.start()
    try:
        yield
    finally:
        over.set()
        watch.join()


def _watch(connection: OwnConnection, keeper: Keeper, op: Operation, over: threading.Event) -> None:
    with closing(connection):
        while not over.wait(TICK):
            try:
                connection.insist(keeper.look, _PATIENCE)
            except AppError as error:
                _log.debug("A look at an operation's row failed: %s", error.code)
            if keeper.cancelled():
                _end_waits(op)


def _end_waits(op: Operation) -> None:
    try:
        op.end_waits()
    except (AppError, OSError) as error:
        _log.warning("What an operation waits for could not be ended: %s", error)
