"""The worker: threads that perform the operations they are rung for, and the chores beside them. It is the
same as a process of its own and as a part of the server's."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from core.progress import Feature
from core.settings import Settings
from jobs import THREADS
from jobs.catalogue import CATALOGUE
from jobs.chores import CHORES
from operations.chores import Chore, Chores
from operations.contexts import Application
from operations.performing import perform
from operations.queue import Consumer

_NICENESS = 5


class Worker:
    """Works for the application's database. `place` says where it is rung. Raises Unsupported for a database
    in memory, ToolMissing when the queue's client is not installed."""

    def __init__(
        self,
        settings: Settings,
        catalogue: Mapping[str, Feature[Any, Any]] = CATALOGUE,
        threads: int = THREADS,
        chores: Iterable[Chore] = CHORES,
    ) -> None:
        self._settings = settings
        self._catalogue = catalogue
        self._application = Application(settings)
        ticking = Chores(settings, self._application, chores)
        self._consumer = Consumer(settings, self._answer, ticking.tick, threads)
        self._thread = threading.Thread(target=self._consumer.run, name="worker", daemon=True)
        self.place = str(self._consumer.place)

    def start(self) -> None:
        """Work in threads beside the caller. Once for each worker."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more, and wait some seconds for what runs. What runs longer ends with the process;
        then another worker takes it over."""
        self._consumer.stop()

    def run_forever(self) -> None:
        """Work until Ctrl-C, in the main thread, then stop. The process gives way to others on its machine:
        whoever looks at a page waits for it, whoever queued work does not."""
        os.nice(_NICENESS)
        try:
            self._consumer.run()
        except KeyboardInterrupt:  # it came between two waits
            self.stop()

    def _answer(self, operation_id: str) -> None:
        with self._application.context():
            perform(self._settings, self._catalogue, operation_id)
