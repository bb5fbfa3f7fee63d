"""Whether the database answers, asked once a second at most and by one thread, however many want to know: a
page then says so at once, and no thread waits for a database that hangs."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import TypeVar

from flask import Flask, current_app, request

from core.clock import monotonic
from core.errors import ConnectionFailed
from core.settings import Settings
from features.overview import database_answers

View = TypeVar("View", bound=Callable[..., object])

KEEP = 1.0  # seconds that a yes is good for
_NAME = "basekeeper_readiness"
_ATTRIBUTE = "needs_no_database"


class Readiness:
    """Remembers the last answer of `ask`: a yes for KEEP seconds, a no only while a thread asks anew. Then
    the others are told no at once, and wait only for what may be a yes."""

    def __init__(self, ask: Callable[[], bool]) -> None:
        self._ask = ask
        self._lock = Lock()
        self._answers = 0
        self._last = True
        self._good_until = 0.0
        self._is_told = False

    def is_ready(self) -> bool:
        """The answer, a second old at most."""
        if self._is_good():
            return True
        before = self._answers
        if not self._lock.acquire(blocking=self._last):
            return False
        try:
            if self._answers == before:  # else another thread asked while this one waited
                self._renew()
            return self._last
        finally:
            self._lock.release()

    def doubt(self) -> None:
        """Something failed: the next who wants to know asks anew."""
        self._good_until = 0.0

    def is_first(self) -> bool:
        """True for the first failure since the last yes: an outage is told once."""
        was_told, self._is_told = self._is_told, True
        return not was_told

    def _is_good(self) -> bool:
        return monotonic() < self._good_until

    def _renew(self) -> None:
        self._last = self._ask()
        self._good_until = monotonic() + KEEP if self._last else 0.0
        self._is_told = self._is_told and not self._last
        self._answers += 1


def init_readiness(app: Flask, settings: Settings) -> None:
    """Let the pages of `app` answer at once while the database does not."""
    app.extensions[_NAME] = Readiness(lambda: database_answers(settings))
    needs_no_database(app.view_functions["static"])
    app.before_request(check_database)


def readiness() -> Readiness:
    """That of the running application."""
    found: Readiness = current_app.extensions[_NAME]
    return found


def needs_no_database(view: View) -> View:
    """Open an endpoint whether or not the database answers."""
    setattr(view, _ATTRIBUTE, True)
    return view


def check_database() -> None:
    """Before every request for a page that needs the database. Raises ConnectionFailed."""
    view = current_app.view_functions.get(request.endpoint or "")
    if view and not getattr(view, _ATTRIBUTE, False) and not readiness().is_ready():
        raise ConnectionFailed("The database does not answer.")
