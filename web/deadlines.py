"""Requests that come too slowly (TRUST W10): after 30 s what is missing is not waited for any more, so that
nobody keeps a thread by sending a byte now and then."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from threading import Lock, Thread

from core.clock import monotonic

REQUEST_LIMIT = 30.0  # seconds for the head and the body together
_TICK = 0.5


class Deadlines:
    """One thread that ends the reading of connections whose time is over. The answer can still be written:
    who reads the request finds its end too early, and says 408."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._ends: dict[socket.socket, float] = {}
        Thread(target=self._watch, name="deadlines", daemon=True).start()

    @contextmanager
    def kept_by(self, connection: socket.socket) -> Iterator[None]:
        """Give the request that is read from `connection` within the context its time."""
        with self._lock:
            self._ends[connection] = monotonic() + REQUEST_LIMIT
        try:
            yield
        finally:
            with self._lock:
                self._ends.pop(connection, None)

    def grant(self, connection: socket.socket, seconds: float) -> None:
        """Give the request that is read from `connection` more time, for it is longer than others."""
        with self._lock:
            if connection in self._ends:
                self._ends[connection] += seconds

    def _watch(self) -> None:
        while True:
            time.sleep(_TICK)
            now = monotonic()
            with self._lock:
                for connection in [one for one, end in self._ends.items() if end <= now]:
                    del self._ends[connection]
                    with suppress(OSError):  # closed a moment ago
                        connection.shutdown(socket.SHUT_RD)


@cache
def deadlines() -> Deadlines:
    """Those of this process."""
    return Deadlines()
