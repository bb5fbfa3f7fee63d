"""A PostgreSQL connection that can give up on a server that is there and says nothing: libpq by itself
waits for ever once the sign-in is over."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Timer
from typing import Any

from psycopg2.extensions import connection, cursor


class PatientConnection(connection):
    """Waits for each answer at most `patience` seconds, or for ever when it is None. A server that says
    nothing until then is hung up on, which the driver reports as a lost connection."""

    patience: float | None = None

    def commit(self) -> None:
        with self.deadline():
            super().commit()

    def rollback(self) -> None:
        with self.deadline():
            super().rollback()

    @contextmanager
    def deadline(self) -> Iterator[None]:
        """Hang up when the block takes longer than `patience`."""
        if self.patience is None:
            yield
            return
        # A second handle on the same line: should ours be closed meanwhile, no other file can be hit.
        line = socket.socket(fileno=os.dup(self.fileno()))
        timer = Timer(self.patience, _hang_up, [line])
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
            line.close()


class PatientCursor(cursor):
    """A cursor of a PatientConnection."""

    connection: PatientConnection

    def execute(self, query: Any, vars: Any = None) -> None:
        with self.connection.deadline():
            super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        with self.connection.deadline():
            super().executemany(query, vars_list)


def _hang_up(line: socket.socket) -> None:
    with suppress(OSError):  # the answer came at the last moment
        line.shutdown(socket.SHUT_RDWR)
