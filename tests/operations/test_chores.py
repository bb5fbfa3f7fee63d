"""Chores come again and again, whatever became of the last time, and none keeps another from its turn."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from sqlalchemy import text

from core.errors import ConnectionFailed
from core.settings import Settings
from models import db
from operations.chores import Chore, Chores
from operations.contexts import Application


def tick_until(chores: Chores, done: Callable[[], bool]) -> None:
    """Tick as a worker does, only quicker. Fails after five seconds."""
    deadline = time.monotonic() + 5
    while not done():
        assert time.monotonic() < deadline
        chores.tick()
        time.sleep(0.01)


def test_a_chore_that_fails_is_told_once_and_comes_again(
    empty_settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    times: list[float] = []

    def fail_twice(settings: Settings) -> None:
        times.append(time.monotonic())
        if len(times) == 1:
            raise ConnectionFailed
        if len(times) < 4:  # what a chore of ours did not translate is translated
            db.session.execute(text("SELECT * FROM no_such_table"))

    chores = Chores(empty_settings, Application(empty_settings), [Chore("count", 0.02, fail_twice)])
    tick_until(chores, lambda: len(times) > 4)
    assert [record.getMessage() for record in caplog.records if record.levelname == "WARNING"] == [
        "The worker cannot count, and tries again: The database server cannot be reached.",
        "The worker can count again",
    ]


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_a_chore_that_hangs_keeps_no_other_waiting_and_is_not_begun_twice(empty_settings: Settings) -> None:
    let_go, hung, done = threading.Event(), [], []

    def hang(settings: Settings) -> None:
        hung.append(1)
        let_go.wait(60)

    chores = [Chore("hang", 0.01, hang), Chore("go on", 0.01, lambda _: done.append(1))]
    tick_until(Chores(empty_settings, Application(empty_settings), chores), lambda: len(done) > 3)
    let_go.set()
    assert len(hung) == 1


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_the_first_time_may_be_later(empty_settings: Settings) -> None:
    done: list[str] = []
    chores = [
        Chore("late", 9, lambda _: done.append("late"), after=0.2),
        Chore("early", 9, lambda _: done.append("early")),
    ]
    tick_until(Chores(empty_settings, Application(empty_settings), chores), lambda: len(done) == 2)
    assert done == ["early", "late"]
