"""The worker inside the server's own process, for a console that is one program."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from core.settings import Settings
from jobs.worker import Worker

_log = logging.getLogger("basekeeper.worker")


@contextmanager
def embedded_worker(settings: Settings) -> Iterator[None]:
    """Work for the application's database while the context lasts; not for one in memory. Raises ToolMissing
    when the queue's client is not installed."""
    if settings.database.in_memory:
        _log.warning("Nothing can be queued: the database is in memory.")
        yield
        return
    worker = Worker(settings)
    worker.start()
    try:
        yield
    finally:
        worker.stop()
