"""What is costly is found out once for all who ask, and nobody waits for ever (TRUST section 5, point 5)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest
from flask import Flask

from core.errors import ConnectionFailed
from web import snapshots
from web.snapshots import Snapshot

APP = Flask(__name__)


class Look:
    """Counts how often it is made; waits for `gate`, and raises what it is told to."""

    def __init__(self) -> None:
        self.times = 0
        self.gate = Event()
        self.gate.set()
        self.error: ConnectionFailed | None = None

    def __call__(self) -> int:
        self.times += 1
        self.gate.wait(60)
        if self.error:
            raise self.error
        return self.times


@pytest.fixture
def look() -> Iterator[Look]:
    look = Look()
    yield look
    look.gate.set()


def test_many_at_once_share_one_look(look: Look) -> None:
    snapshot = Snapshot(APP, look, keep=60, linger=60)
    look.gate.clear()
    with ThreadPoolExecutor(20) as readers:
        answers = [readers.submit(snapshot.read) for _ in range(20)]
        time.sleep(0.1)
        look.gate.set()
        assert [answer.result() for answer in answers] == [1] * 20
    assert snapshot.read() == 1
    assert snapshot.read(fresh=True) == 2


def test_the_old_is_shown_while_a_new_look_is_made(look: Look) -> None:
    snapshot = Snapshot(APP, look, keep=0, linger=60)
    assert snapshot.read() == 1
    look.gate.clear()
    assert [snapshot.read() for _ in range(3)] == [1, 1, 1]
    assert look.times == 2


def test_a_look_that_hangs_is_waited_for_in_patience(look: Look, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(snapshots, "PATIENCE", 0.2)
    snapshot = Snapshot(APP, look, keep=0, linger=0)
    look.gate.clear()
    began = time.monotonic()
    assert snapshot.read() is None
    assert time.monotonic() - began < 20
    look.gate.set()
    assert snapshot.read(fresh=True) is not None
    look.gate.clear()
    assert snapshot.read() is not None  # what was seen before it hung
    assert look.times <= 3


def test_an_error_is_raised_to_who_waited_and_then_asked_anew(look: Look) -> None:
    snapshot = Snapshot(APP, look, keep=60, linger=60)
    look.error = ConnectionFailed("gone")
    with pytest.raises(ConnectionFailed, match="gone"):
        snapshot.read()
    look.error = None
    assert snapshot.read() == 2
