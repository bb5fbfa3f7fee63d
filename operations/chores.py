"""What has to be done again and again beside the operations. Each chore has a thread of its own while it is
done, so that one which waits for a server that hangs keeps no other from its turn."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy.exc import SQLAlchemyError

from core.clock import monotonic
from core.errors import AppError
from core.settings import Settings
from database.engine import explained
from operations.contexts import Application

_log = logging.getLogger("basekeeper.chores")


@dataclass(frozen=True)
class Chore:
    """`do` is called in an application context `every` so many seconds, the first time `after` so many;
    `name` completes "cannot ..."."""

    name: str
    every: float
    do: Callable[[Settings], object]
    after: float = 0.0


class Chores:
    """The chores of one worker. `tick` is called every second or so."""

    def __init__(self, settings: Settings, application: Application, chores: Iterable[Chore]) -> None:
        self._turns = [_Turn(chore, settings, application) for chore in chores]

    def tick(self) -> None:
        """Begin the chores whose time has come."""
        for turn in self._turns:
            turn.take()


class _Turn:
    """One chore and its next time. A failure is told once, and its end too."""

    def __init__(self, chore: Chore, settings: Settings, application: Application) -> None:
        self._chore = chore
        self._settings = settings
        self._application = application
        self._due = monotonic() + chore.after
        self._fails = False
        self._thread: threading.Thread | None = None

    def take(self) -> None:
        """Begin the chore if it is due and its last time is over."""
        if monotonic() < self._due or (self._thread and self._thread.is_alive()):
            return
        self._due = monotonic() + self._chore.every
        self._thread = threading.Thread(target=self._do, name=self._chore.name, daemon=True)
        self._thread.start()

    def _do(self) -> None:
        try:
            with explained(self._settings.database), self._application.context():
                self._chore.do(self._settings)
        except (AppError, SQLAlchemyError, OSError) as error:
            level = logging.DEBUG if self._fails else logging.WARNING
            _log.log(level, "The worker cannot %s, and tries again: %s", self._chore.name, error)
            self._fails = True
            return
        if self._fails:
            _log.warning("The worker can %s again", self._chore.name)
        self._fails = False
