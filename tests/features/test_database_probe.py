"""Asking a database that keeps people waiting (TRUST C4)."""

from __future__ import annotations

import threading
import time

import pytest

from core.connection import ConnectionParameters, Dialect
from core.errors import OperationCancelled
from core.progress import Operation
from features.database_probe import Answer, Outcome, ask_database
from tests.database.adapters.hostile import drip, mysql_that_answers
from tests.database.adapters.imposters import imposter


def at(port: int) -> ConnectionParameters:
    return ConnectionParameters(Dialect.MYSQL, "d", "127.0.0.1", port, "u", allowed=("127.0.0.0/8",))


def test_the_whole_look_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many questions are answered just in time."""
    monkeypatch.setattr("features.database_probe.LIMIT", 0.5)
    began = time.monotonic()
    with imposter(mysql_that_answers(total=drip)) as one:
        assert ask_database(at(one.port), patience=2) == Answer(Outcome.TIMEOUT)
        assert time.monotonic() - began < 4


def test_a_cancel_ends_the_wait() -> None:
    asked = threading.Event()
    op = Operation(cancelled=asked.is_set)

    def cancel() -> None:
        asked.set()
        op.end_waits()

    began = time.monotonic()
    with imposter(mysql_that_answers(total=drip)) as one:
        threading.Timer(0.3, cancel).start()
        with pytest.raises(OperationCancelled):
            ask_database(at(one.port), patience=2, ending=op.ending)
        assert time.monotonic() - began < 4
