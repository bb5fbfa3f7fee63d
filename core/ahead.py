"""Work done ahead: the next piece is made while the one before is used."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def ahead(calls: Iterable[Callable[[], T]]) -> Generator[T, None, None]:
    """What `calls` give, in their order, each called in another thread while the one before is used: two at
    most are in memory. Raises what they raise."""
    with ThreadPoolExecutor(1, "ahead") as pool:
        made: Future[T] | None = None
        for call in calls:
            coming = pool.submit(call)
            if made is not None:
                yield made.result()
            made = coming
        if made is not None:
            yield made.result()
