"""Workers that are killed, stopped and many: every effect once, every operation at an end, no lock left
(ARCHITECTURE section 4, rule 6; TRUST J1 to J3, F2, F18, I4, I7, I8)."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event, select

from core.clock import monotonic
from core.connection import Dialect
from core.settings import Settings
from database import engine
from models import OperationRecord, db
from models.types import database_now
from operations import leases
from operations.audit_chain import verify_chain
from operations.contexts import Application
from operations.performing import perform
from operations.reaper import reap
from operations.runner import Runner, in_context
from operations.store import read_operation
from tests.operations.support import ADMIN, CATALOGUE, count_once, count_to, counted, rows
from tests.rounds import ROUNDS

STEPS = 45  # more statements than one operation of these tests takes
RACED = 60 if ROUNDS < 20 else 1000


@pytest.mark.rounds
def test_a_worker_killed_after_any_statement_leaves_nothing_behind(settings: Settings) -> None:
    """kill -9 at each step of claim, work and end."""
    step = max(1, STEPS // ROUNDS) if ROUNDS < STEPS else 1
    for number in range(random.randint(1, step), STEPS + 1, step):
        for feature in (count_to, count_once):
            name = f"{feature.declaration.kind}{number}"
            id = Runner(ADMIN, settings).submit(feature, name)
            with worker(lambda id=id, number=number: perform_until_killed(settings, id, number)):  # type: ignore[misc]
                pass
            finish(settings)
            row = in_context(settings, read_operation, id)
            # What may not be begun again ends there, unless it was killed before its claim or after its end.
            ends = ("succeeded",) if feature is count_to else ("succeeded", "interrupted")
            assert row.state in ends, (number, row)
            assert row.state == "interrupted" or counted(settings, name) == 3, (number, row)
            assert counted(settings, name) <= 3, number
    assert not rows(settings, "SELECT * FROM target_lock")
    assert in_context(settings, verify_chain).fault is None


@pytest.mark.rounds
def test_a_worker_stopped_past_its_lease_does_no_harm_when_it_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SIGSTOP past the lease, then SIGCONT."""
    # Long enough that a busy machine, where a thread or a disk stands still for a second, does not end it.
    monkeypatch.setattr(leases, "LEASE", 6.0)
    monkeypatch.setattr(leases, "HEARTBEAT", 0.5)
    monkeypatch.setattr(engine, "SILENCE_LIMIT", 3.0)
    for number in range(max(1, ROUNDS // 3)):
        name = f"shelf{number}"
        id = Runner(ADMIN, settings).submit(count_to, name, limit=10, pause=0.3)
        with worker(lambda id=id: perform(settings, CATALOGUE, id)) as pid:  # type: ignore[misc]
            wait_until(
                lambda name=name: counted(settings, name) >= 2,  # type: ignore[misc]
                lambda id=id: str(in_context(settings, read_operation, id)),  # type: ignore[misc]
            )
            os.kill(pid, signal.SIGSTOP)
            wait_until(lambda id=id: has_lapsed(settings, id))  # type: ignore[misc]
            finish(settings)
            os.kill(pid, signal.SIGCONT)
        finish(settings)
        row = in_context(settings, read_operation, id)
        # On SQLite the lock on the file tells that it lives; elsewhere another has taken over.
        taken_over = 1 if settings.database.dialect is Dialect.SQLITE else 2
        assert (row.state, row.attempt) == ("succeeded", taken_over)
        assert counted(settings, name) == 10
    assert not rows(settings, "SELECT * FROM target_lock")
    assert in_context(settings, verify_chain).fault is None


@pytest.mark.rounds
def test_two_workers_racing_for_many_operations_do_each_once(settings: Settings) -> None:
    """TRUST J1; 1,000 operations in scripts/faults."""
    runner = Runner(ADMIN, settings)
    ids = in_context(
        settings, lambda: [runner.submit(count_to, f"shelf{number}", limit=1) for number in range(RACED)]
    )

    def race() -> None:
        application = Application(settings)
        with application.context():
            for id in random.sample(ids, len(ids)):
                perform(settings, CATALOGUE, id)

    with worker(race), worker(race):
        pass
    assert rows(settings, "SELECT state, attempt, count(*) FROM operation GROUP BY state, attempt") == [
        ("succeeded", 1, RACED)
    ]
    assert rows(settings, "SELECT count(*), count(DISTINCT username) FROM user_log") == [(RACED, RACED)]
    assert not rows(settings, "SELECT * FROM target_lock")
    assert in_context(settings, verify_chain).fault is None


@contextmanager
def worker(work: Callable[[], Any]) -> Iterator[int]:
    """Run `work` in a process of its own, and wait for its end, or end it when the test fails; gives its
    id."""
    pid = os.fork()
    if not pid:
        try:
            work()
        finally:
            os._exit(0)  # nothing of the test's process is cleaned up here
    try:
        yield pid
    except BaseException:
        os.kill(pid, signal.SIGKILL)
        raise
    finally:
        os.waitpid(pid, 0)


def perform_until_killed(settings: Settings, id: str, statements: int) -> None:
    """Perform, and end as by kill -9 after so many statements."""
    left = statements

    def count(*_: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    event.listen(Engine, "after_cursor_execute", count)
    perform(settings, CATALOGUE, id)


def finish(settings: Settings) -> None:
    """What a worker does beside its work: take over what is dead, and perform what waits."""
    for _ in range(4):
        in_context(settings, reap, settings)
        for (id,) in rows(settings, "SELECT id FROM operation WHERE state = 'queued'"):
            perform(settings, CATALOGUE, str(id))


def has_lapsed(settings: Settings, id: str) -> bool:
    """True when the lease of a running operation has been over for a moment."""

    def ask() -> bool:
        over = select(OperationRecord.id).where(OperationRecord.id == id)
        with db.engine.connect() as connection:
            return (
                connection.execute(over.where(OperationRecord.lease_until < database_now())).first()
                is not None
            )

    return in_context(settings, ask)


def wait_until(
    reached: Callable[[], bool], found: Callable[[], str] = lambda: "nothing", seconds: float = 20.0
) -> None:
    end = monotonic() + seconds
    while not reached():
        assert monotonic() < end, f"it did not come to that: found {found()}"
        time.sleep(0.02)
