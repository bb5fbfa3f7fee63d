"""/healthz touches nothing, /readyz asks the database at most every 5 s (TRUST section 5, 5)."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from flask import Flask

from tests.web.visitor import Visitor
from web import readiness
from web.readiness import Readiness


def test_both_say_yes_without_detail(console: Flask) -> None:
    assert Visitor(console).get("/healthz").text == "ok\n"
    assert Visitor(console).get("/readyz").text == "ready\n"


def test_healthz_needs_no_database(console: Flask, sqlite_url: str) -> None:
    Path(sqlite_url.removeprefix("sqlite:///")).unlink()
    assert Visitor(console).get("/healthz").status_code == 200
    answer = Visitor(console).get("/readyz")
    assert (answer.status_code, answer.text) == (503, "not ready\n")


def test_an_answer_is_kept_for_five_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    moment: list[float] = [100.0]
    asked: list[float] = []
    monkeypatch.setattr(readiness, "monotonic", lambda: moment[0])

    def ask() -> bool:
        asked.append(moment[0])
        return len(asked) == 1

    probe = Readiness(ask)
    assert probe.is_ready()
    moment[0] += 4.9
    assert probe.is_ready()
    moment[0] += 0.2
    assert not probe.is_ready()
    assert len(asked) == 2


def test_one_thread_asks_while_the_others_take_the_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    go = threading.Event()
    asked: list[int] = []

    def ask() -> bool:
        asked.append(1)
        return len(asked) == 1 or go.wait(5)

    monkeypatch.setattr(readiness, "KEEP", 0.0)
    probe = Readiness(ask)
    assert probe.is_ready()
    slow = threading.Thread(target=probe.is_ready)
    slow.start()
    while len(asked) < 2:
        time.sleep(0.01)
    began = time.monotonic()
    assert all(probe.is_ready() for _ in range(100))
    assert time.monotonic() - began < 1
    go.set()
    slow.join()
    assert len(asked) == 2
