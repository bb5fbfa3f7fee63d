"""Hanging up on a server that takes too long, however it spends the time: a socket's own timeout begins anew
with each byte that comes. One thread watches all lines of a process; one for each statement would take longer
than the statement."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from threading import Condition, Event, Thread
from time import monotonic

_LINGER = 5.0  # seconds that the thread stays when there is nothing to watch


@contextmanager
def hanging_up(seconds: float | None, number: int) -> Iterator[Event]:
    """End the line of that file number when the block takes longer than `seconds`, None for ever; the
    driver then finds it lost. Gives what is set when that happened."""
    late = Event()
    if seconds is None:
        yield late
        return
    watchman = _watchman
    # A second handle on the same line: should the driver's be closed meanwhile, no other file can be hit.
    with socket.socket(fileno=os.dup(number)) as line:
        watchman.watch(late, line, monotonic() + seconds)
        try:
            yield late
        finally:
            watchman.leave(late)


class _Watchman:
    """Ends lines whose time is over; its thread starts with the first and goes when there is none."""

    def __init__(self) -> None:
        self._turn = Condition()
        self._lines: dict[Event, tuple[float, socket.socket]] = {}
        self._looks_at = inf  # when the thread looks again by itself
        self._is_there = False

    def watch(self, late: Event, line: socket.socket, end: float) -> None:
        """End `line` at the moment `end` unless it was left until then."""
        with self._turn:
            self._lines[late] = end, line
            if not self._is_there:
                self._is_there = True
                Thread(target=self._run, name="deadlines", daemon=True).start()
            elif end < self._looks_at:
                self._turn.notify()

    def leave(self, late: Event) -> None:
        """Watch that line no longer; afterwards it is not touched again."""
        with self._turn:
            self._lines.pop(late, None)

    def _run(self) -> None:
        with self._turn:
            is_idle = False
            while self._lines or not is_idle:
                is_idle = not self._lines
                now = monotonic()
                self._hang_up(now)
                self._looks_at = min((end for end, _ in self._lines.values()), default=now + _LINGER)
                self._turn.wait(self._looks_at - now)
            self._is_there = False

    def _hang_up(self, now: float) -> None:
        for late, (end, line) in list(self._lines.items()):
            if end <= now:
                del self._lines[late]
                late.set()
                with suppress(OSError):  # the answer came at the last moment
                    line.shutdown(socket.SHUT_RDWR)


_watchman = _Watchman()


def _begin_anew() -> None:
    # A fork has no threads but the one that forked, and perhaps a lock that one of the others held.
    global _watchman
    _watchman = _Watchman()


os.register_at_fork(after_in_child=_begin_anew)
