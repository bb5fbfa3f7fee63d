"""Hanging up on a server that takes too long, however it spends the time: a socket's own timeout begins anew
with each byte that comes."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from threading import Event, Timer


@contextmanager
def hanging_up(seconds: float | None, number: int) -> Iterator[Event]:
    """End the line of that file number when the block takes longer than `seconds`, None for ever; the
    driver then finds it lost. Gives what is set when that happened."""
    late = Event()
    if seconds is None:
        yield late
        return
    # A second handle on the same line: should the driver's be closed meanwhile, no other file can be hit.
    line = socket.socket(fileno=os.dup(number))
    timer = Timer(seconds, _hang_up, [line, late])
    timer.daemon = True
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()
        line.close()


def _hang_up(line: socket.socket, late: Event) -> None:
    late.set()
    with suppress(OSError):  # the answer came at the last moment
        line.shutdown(socket.SHUT_RDWR)
