"""The inventory of a snapshot, made in a thread of its own while the dump runs."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager

from core.progress import Aside, Operation
from database.adapters.backup import Snapshot
from database.manifest import Inventory

_PAUSE = 0.5  # seconds between two advances


class Count:
    """An inventory under way."""

    def __init__(self, op: Operation, aside: Aside, future: Future[Inventory]) -> None:
        self._op = op
        self._aside = aside
        self._future = future

    def has_failed(self) -> bool:
        """True when it ended without a result."""
        return self._future.done() and self._future.exception() is not None

    def result(self) -> Inventory:
        """Wait for its end, in a phase of its own. Raises what it raised."""
        self._op.phase("Count rows", unit="table")
        said = 0
        while True:
            is_over = bool(wait([self._future], _PAUSE).done)
            self._op.advance(self._aside.done - said)
            said = self._aside.done
            if is_over:
                self._aside.pass_on()
                return self._future.result()

    def abandon(self) -> None:
        """End it: nobody needs it. Raises what it raised of itself before."""
        error = self._future.exception() if self._future.done() else None
        self._aside.abandon()
        wait([self._future])
        self._aside.pass_on()
        if error:
            raise error


@contextmanager
def counting(op: Operation, snapshot: Snapshot, *, contents: bool) -> Iterator[Count]:
    """Begin the inventory; when the block fails, it is ended."""
    aside = op.aside()
    with ThreadPoolExecutor(1, "count") as pool, op.ending(aside.end_waits):
        count = Count(op, aside, pool.submit(snapshot.inventory, aside, contents=contents))
        try:
            yield count
        except BaseException:
            count.abandon()
            raise
