"""Waiting that ends in time, whatever the other side does."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from queue import Empty, SimpleQueue
from typing import TypeVar

T = TypeVar("T")

_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.25


Ending = Callable[[Callable[[], None]], AbstractContextManager[object]]


def within(
    seconds: float,
    attempt: Callable[[], T],
    errors: tuple[type[Exception], ...],
    ending: Ending = nullcontext,
) -> T:
    """What `attempt` gives, or one of `errors` as it raised it. Raises TimeoutError after `seconds`, even
    where the attempt cannot be interrupted: looking up a name, the whole seconds of libpq. What such an
    attempt still gives is closed as nobody refers to it. Raises RuntimeError when the attempt has a fault of
    its own, which Python then tells on standard error. `ending` is given what ends the wait before its time,
    as `Operation.ending` takes it."""
    answers: SimpleQueue[T | Exception] = SimpleQueue()

    def run() -> None:
        try:
            answers.put(attempt())
        except errors as error:
            answers.put(error)
        finally:
            answers.put(RuntimeError("an attempt crashed"))  # read only where nothing came before it

    threading.Thread(target=run, name="basekeeper-connect", daemon=True).start()
    try:
        with ending(lambda: answers.put(RuntimeError("the wait was ended"))):
            answer = answers.get(timeout=seconds)
    except Empty:
        raise TimeoutError(f"no answer within {seconds:g} s") from None
    if isinstance(answer, Exception):
        raise answer
    return answer


def keep_trying(patience: float, attempt: Callable[[], bool]) -> bool:
    """Call `attempt` until it gives True, at least once and for at most `patience` seconds."""
    end = time.monotonic() + patience
    pause = _FIRST_PAUSE
    while not attempt():
        left = end - time.monotonic()
        if left <= 0:
            return False
        time.sleep(min(pause, left))
        pause = min(pause * 1.5, _LONGEST_PAUSE)
    return True
