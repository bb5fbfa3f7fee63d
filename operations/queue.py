"""The queue that only rings: Huey carries the id of an operation to a worker, by a file or by Redis, and
nothing else. What is to be done, for whom and whether at all says the operation's row (ARCHITECTURE section
4, rule 6), so a ring may be lost, come twice or be forged, and costs nothing.

Import it late: Huey with its Redis client takes longer to load than the rest of a command."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any

from huey import Huey
from huey import consumer as engine
from huey.api import Task
from huey.serializer import Serializer

from core.errors import AppError
from core.naming import is_id
from core.settings import Settings
from operations.queue_place import QueuePlace, queue_place
from operations.queue_stores import OUTAGES, open_store

LOOK_EVERY = 0.25  # seconds at most between two looks at a file; Redis tells by itself
PATIENCE = 5.0  # seconds that a stop waits for running work; what goes on longer, its lease decides
_OUTAGE_PAUSE = 1.0  # seconds until a queue that failed is asked again
_LONGEST = 100  # bytes of a ring

_log = logging.getLogger("basekeeper.queue")


def ring(settings: Settings, *operation_ids: str) -> None:
    """Tell a worker that these operations wait. A ring that cannot be given is logged and no more: a worker
    finds the operation a few seconds later by itself. Raises Unsupported for a database in memory."""
    place = queue_place(settings)
    try:
        with closing(open_store(place)) as store:
            for id in operation_ids:
                store.enqueue(_RINGS.serialize(id))
    except OUTAGES as error:
        _log.warning("No worker can be rung by %s, they look by themselves: %s", place, error)


class Consumer(engine.Consumer):  # type: ignore[misc]
    """Threads that call `answer` with the id of each operation rung for, and one that calls `tick` every
    second; one that dies is replaced. `run` lasts until Ctrl-C or `stop`; signals are left to others."""

    def __init__(
        self, settings: Settings, answer: Callable[[str], object], tick: Callable[[], None], threads: int
    ) -> None:
        """Raises Unsupported for a database in memory, ToolMissing without the Redis client."""
        self.place = queue_place(settings)
        self._tick = tick
        super().__init__(
            _Bell(self.place, answer),
            workers=threads,
            periodic=False,
            max_delay=LOOK_EVERY,
            health_check_interval=5,
            shutdown_timeout=PATIENCE,
        )

    def stop(self, graceful: bool = True) -> None:
        """Take no more work, and wait PATIENCE seconds for what runs. Whoever is told while the threads start
        waits for those alone that were started: Huey would join them all."""
        self.worker_threads[:] = [(work, thread) for work, thread in self.worker_threads if thread.is_alive()]
        super().stop(graceful and self.scheduler.is_alive())

    def _create_scheduler(self) -> engine.BaseProcess:
        return _Ticking(self.huey, self.stop_flag, self._tick)

    def _set_signal_handlers(self) -> None:
        """Set none: the process belongs to somebody else, such as a web server."""


class _Ticking(engine.BaseProcess):  # type: ignore[misc]
    """Stands where Huey's scheduler would; each consumer's scheduler would do the same thing once more."""

    process_name = "Chores"

    def __init__(self, bell: _Bell, stop_flag: Any, tick: Callable[[], None]) -> None:
        super().__init__(bell, stop_flag)
        self._tick = tick

    def loop(self, now: Any = None) -> None:
        self._tick()
        self.stop_flag.wait(1.0)


class _Rings(Serializer):  # type: ignore[misc]
    """A ring in the queue, in place of Huey's pickles, which run what they hold (TRUST S6, D11)."""

    def _serialize(self, data: str) -> bytes:
        return json.dumps({"operation": data}).encode()

    def _deserialize(self, data: bytes) -> str:
        """Raises ValueError for anything but an operation's id."""
        found = json.loads(data) if len(data) <= _LONGEST else None
        id = found.get("operation") if isinstance(found, dict) else None
        if not (isinstance(id, str) and is_id(id)):
            raise ValueError("This is no ring.")
        return id


_RINGS = _Rings()


class _Bell(Huey):  # type: ignore[misc]
    """Huey without what could do more than answer a ring: no results, retries, schedule or revocations."""

    def __init__(self, place: QueuePlace, answer: Callable[[str], object]) -> None:
        super().__init__(
            place.name, results=False, serializer=_RINGS, storage_class=lambda _: open_store(place)
        )
        self._place = place
        self._answer = answer
        self._is_away = False

    def dequeue(self) -> Task | None:
        """The next ring, if there is one. A queue that fails is told once, and asked again later."""
        try:
            data = self.storage.dequeue()
        except OUTAGES as error:
            self._lose(error)
            return None
        if self._is_away:
            self._is_away = False
            _log.warning("Rings come again by %s", self._place)
        return self._read(data) if data is not None else None

    def execute(self, task: Task, timestamp: Any = None) -> None:
        """Answer a ring. What fails for good says so in its row; the rest is rung for again."""
        try:
            self._answer(task.id)
        except AppError as error:
            _log.warning("%s was rung for and could not begin: %s", task.id, error)

    def _read(self, data: bytes) -> Task | None:
        try:
            return Task(id=self.serializer.deserialize(data))
        except (ValueError, TypeError, RecursionError):
            _log.warning("Something that is no ring was taken out of the queue: %s", self._place)
            return None

    def _lose(self, error: Exception) -> None:
        if not self._is_away:
            _log.warning("No rings come by %s: %s", self._place, error)
        self._is_away = True
        self.storage.close()
        time.sleep(_OUTAGE_PAUSE)
