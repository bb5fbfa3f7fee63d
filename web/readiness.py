"""Whether the database answers, asked at most every 5 s and by one thread, however many want to know."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock

from core.clock import monotonic

KEEP = 5.0  # seconds an answer is good for


class Readiness:
    """Remembers the last answer of `ask`. While one thread asks anew the others get the last one; only
    before the first answer do they wait for it."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._answer: bool | None = None
        self._asked_at = 0.0

    def is_ready(self) -> bool:
        """The answer, at most 5 s old unless another thread is waiting for a new one."""
        if not self._lock.acquire(blocking=self._answer is None):
            return bool(self._answer)
        try:
            if self._answer is None or monotonic() - self._asked_at > KEEP:
                self._answer = self._ask()
                self._asked_at = monotonic()
            return self._answer
        finally:
            self._lock.release()
