"""Alembic's `op` and `context` are globals of the process: who runs or foretells migrations has a turn."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import TargetBusy

_one_at_a_time = threading.Lock()


@contextmanager
def alembic_turn(patience: float | None) -> Iterator[None]:
    """Have Alembic alone. Waits `patience` seconds, and as long as it takes for None. Raises TargetBusy."""
    if not _one_at_a_time.acquire(timeout=-1 if patience is None else patience):
        raise TargetBusy("Another migration is under way here.", hint="Try again when it has ended.")
    try:
        yield
    finally:
        _one_at_a_time.release()
