"""Ctrl-C and SIGTERM while an operation runs: a wish first, which the work keeps at its next step, and then
an interruption. Python alone raises it wherever it stands, and drops it when that is inside a callback."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

PATIENCE = 2.0  # seconds the work has to keep the wish
_SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Another's handler, such as a web server's, stays: it knows better what its process does.
_OURS_TO_TAKE = (signal.default_int_handler, signal.SIG_DFL)


class Interruption:
    """What the signals asked for during one run."""

    def __init__(self) -> None:
        self._asked = False
        self._over = False
        self._ending = threading.Condition()

    def asked(self) -> bool:
        """True once someone wished the run to end."""
        return self._asked

    def stop(self) -> None:
        """Hear no more: the work is over, and how it ended is to be recorded undisturbed."""
        self._over = True  # before the lock, where the handler could still raise
        with self._ending:
            self._ending.notify_all()

    def hear(self, number: int, frame: FrameType | None) -> None:
        """The signal handler. Raises KeyboardInterrupt from the second time on."""
        if self._over:
            return
        if self._asked:
            raise KeyboardInterrupt
        self._asked = True
        threading.Thread(target=self._insist, daemon=True).start()

    def _insist(self) -> None:
        """Interrupt the main thread again and again until the work is over: one time may be dropped."""
        main = threading.main_thread().ident or 0
        with self._ending:
            while not self._ending.wait_for(lambda: self._over, PATIENCE):
                signal.pthread_kill(main, signal.SIGINT)


@contextmanager
def interruptible() -> Iterator[Interruption]:
    """Listen for the signals while the context lasts; off the main thread, hear none."""
    interruption = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield interruption
        return
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    taken = [number for number in _SIGNALS if before[number] in _OURS_TO_TAKE]
    try:
        for number in taken:
            signal.signal(number, interruption.hear)
        yield interruption
    finally:
        interruption.stop()
        for number in taken:
            signal.signal(number, before[number])
