"""/healthz touches nothing, /readyz asks the database once a second at most (TRUST section 5, 5)."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask import Flask

from tests.web.visitor import Visitor
from web import readiness
from web.readiness import KEEP, Readiness


def test_both_say_yes_without_detail(console: Flask) -> None:
    assert Visitor(console).get("/healthz").text == "ok\n"
    assert Visitor(console).get("/readyz").text == "ready\n"


def test_healthz_needs_no_database(console: Flask, sqlite_url: str) -> None:
    Path(sqlite_url.removeprefix("sqlite:///")).unlink()
    assert Visitor(console).get("/healthz").status_code == 200
    answer = Visitor(console).get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready\n")


def test_a_yes_is_kept_for_a_second_and_a_no_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    moment: list[float] = [100.0]
    answers = [True, False, False, True]
    monkeypatch.setattr(readiness, "monotonic", lambda: moment[0])
    probe = Readiness(lambda: answers.pop(0))
    assert probe.is_ready()
    moment[0] += KEEP - 0.1
    assert probe.is_ready()
    moment[0] += 0.2
    assert [probe.is_ready() for _ in range(3)] == [False, False, True]
    assert not answers


def test_a_failure_elsewhere_ends_a_yes() -> None:
    answers = [True, False]
    probe = Readiness(lambda: answers.pop(0))
    assert probe.is_ready()
    probe.doubt()
    assert not probe.is_ready()


class SlowAnswers:
    """Says yes at first; then whoever asks waits until the test lets go, and hears no."""

    def __init__(self) -> None:
        self.asked = 0
        self.go = threading.Event()

    def __call__(self) -> bool:
        self.asked += 1
        if self.asked == 1:
            return True
        assert self.go.wait(60)
        return False


def test_those_who_wait_share_one_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A yes that is old is waited for: it may be wrong by now."""
    monkeypatch.setattr(readiness, "KEEP", 0.0)
    probe = Readiness(slow := SlowAnswers())
    assert probe.is_ready()
    with ThreadPoolExecutor(8) as threads:
        answers = [threads.submit(probe.is_ready) for _ in range(8)]
        time.sleep(0.3)  # all of them are at the door
        slow.go.set()
    assert not any(answer.result() for answer in answers)
    assert slow.asked == 2


def test_a_no_is_given_at_once_while_one_thread_asks_anew() -> None:
    probe = Readiness(slow := SlowAnswers())
    assert probe.is_ready()
    probe.doubt()
    slow.go.set()
    assert not probe.is_ready()
    slow.go.clear()
    asking = threading.Thread(target=probe.is_ready)
    asking.start()
    while slow.asked < 3:
        time.sleep(0.01)
    began = time.monotonic()
    assert not any(probe.is_ready() for _ in range(100))
    assert time.monotonic() - began < 5
    slow.go.set()
    asking.join()
    assert slow.asked == 3
