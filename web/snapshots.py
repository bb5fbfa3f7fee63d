"""What is costly to find out, found out once for all who ask: looked at by one thread, good for some seconds,
and waited for no longer than a reader has patience (TRUST section 5)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Condition, Thread
from typing import Generic, TypeVar

from flask import Flask

from core.clock import monotonic
from core.errors import AppError

T = TypeVar("T")

PATIENCE = 4.0  # seconds


class Snapshot(Generic[T]):
    """What `look` gives, in the context of `app`. For `keep` seconds it is taken as it is; for `linger` more
    it is still shown while a new look is under way; after that the new one is waited for."""

    def __init__(self, app: Flask, look: Callable[[], T], *, keep: float, linger: float) -> None:
        self._app = app
        self._look = look
        self._keep = keep
        self._linger = linger
        self._changed = Condition()
        self._is_looking = False
        self._seen: T | None = None
        self._error: AppError | None = None
        self._seen_at = float("-inf")

    def read(self, *, fresh: bool = False) -> T | None:
        """What was seen last, after a new look when it is old or `fresh` is asked for; the old one, or None,
        when the new look has no answer within PATIENCE. Raises what the look raised, an AppError."""
        with self._changed:
            age = monotonic() - self._seen_at
            if (fresh or age >= self._keep) and not self._is_looking:
                self._begin()
            if fresh or age >= self._keep + self._linger:
                self._changed.wait_for(lambda: not self._is_looking, PATIENCE)
            if self._error:
                raise self._error
            return self._seen

    def _begin(self) -> None:
        self._is_looking, self._error = True, None
        Thread(target=self._run, name="basekeeper-look", daemon=True).start()

    def _run(self) -> None:
        seen, error = None, None
        try:
            with self._app.app_context():
                seen = self._look()
        except AppError as failure:
            error = failure
        finally:
            with self._changed:
                self._is_looking, self._error = False, error
                if seen is not None:
                    self._seen, self._seen_at = seen, monotonic()
                elif error:
                    self._seen, self._seen_at = None, float("-inf")
                self._changed.notify_all()
