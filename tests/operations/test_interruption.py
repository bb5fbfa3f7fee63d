"""Ctrl-C and SIGTERM during a run: kept at the next step, insisted on, and never in the way of the record."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress

import pytest

from core.cancelling import left_by
from core.errors import OperationCancelled
from core.progress import Operation
from core.settings import Settings
from operations.runner import Runner, in_context
from operations.store import newest_operations
from tests.operations.support import ADMIN, work_on

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def cancelled(settings: Settings, work: Callable[[Operation], None]) -> float:
    """Run `work`, which must end as cancelled; the seconds it took."""
    before = [signal.getsignal(number) for number in SIGNALS]
    began = time.monotonic()
    with pytest.raises(OperationCancelled, match="Work on shelf was cancelled") as caught:
        Runner(ADMIN, settings).run(work_on, "shelf", work)
    assert caught.value.hint == left_by("test.work")
    newest = in_context(settings, newest_operations, 1)[0]
    assert (newest.state, newest.error_code) == ("cancelled", "cancelled")
    assert [signal.getsignal(number) for number in SIGNALS] == before
    return time.monotonic() - began


@pytest.mark.parametrize("number", SIGNALS)
def test_the_wish_is_kept_at_the_next_step(number: int, settings: Settings) -> None:
    steps: list[int] = []

    def work(op: Operation) -> None:
        os.kill(os.getpid(), number)
        steps.append(1)
        op.advance()
        steps.append(2)

    cancelled(settings, work)
    assert steps == [1]


def test_a_second_time_interrupts_at_once(settings: Settings) -> None:
    def work(op: Operation) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGINT)
        pytest.fail("it went on")

    assert cancelled(settings, work) < 10


def test_work_without_steps_is_interrupted_until_it_gives_in(settings: Settings) -> None:
    """An interruption raised inside a callback is dropped by Python; the next one is not."""

    def work(op: Operation) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        with suppress(KeyboardInterrupt):
            time.sleep(20)
        time.sleep(20)

    assert cancelled(settings, work) < 10


def test_what_was_done_before_the_wish_could_be_kept_is_told_as_done(settings: Settings) -> None:
    def work(op: Operation) -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return "done"

    assert Runner(ADMIN, settings).run(work_on, "shelf", work) == "done"
    assert in_context(settings, newest_operations, 1)[0].state == "succeeded"


def test_the_handler_of_another_stays(settings: Settings) -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: heard.append(number))
    try:
        Runner(ADMIN, settings).run(work_on, "shelf", lambda op: os.kill(os.getpid(), signal.SIGTERM))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]
