"""An operation whose worker is gone is begun again or ended, and the old worker writes nothing any more
(ARCHITECTURE section 4, rule 6; TRUST J2, J3, F2, F18)."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import Any

import pytest
from sqlalchemy import select, update

from core.clock import monotonic
from core.connection import Dialect
from core.errors import LeaseLost, OperationCancelled, TargetBusy
from core.progress import Operation
from core.settings import Settings
from database.transactions import transaction
from models import OperationRecord, UserLog
from models.types import database_now
from operations import leases, life
from operations.audit_chain import verify_chain
from operations.cancelling import cancel_operation
from operations.performing import perform
from operations.processes import this_process
from operations.reaper import reap
from operations.runner import Runner, in_context
from operations.store import read_lines, read_operation
from operations.submissions import claim
from operations.transactions import OwnConnection
from tests.operations.support import (
    ADMIN,
    CATALOGUE,
    count_once,
    count_to,
    counted,
    execute,
    feature_of,
    rows,
)


def test_what_a_dead_worker_began_is_begun_again(settings: Settings) -> None:
    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    begin_and_die(settings, id)
    in_context(settings, reap, settings)
    row = in_context(settings, read_operation, id)
    assert (row.state, row.attempt) == ("queued", 1)
    lines = [line.message for line in in_context(settings, read_lines, id)]
    here = this_process()
    what = f"Process {here.pid} on {here.host} lost the database before it could record the end."
    assert lines == [f"Attempt 1 of 3 was interrupted: {what} Queued again."]
    assert perform(settings, CATALOGUE, id)
    row = in_context(settings, read_operation, id)
    assert (row.state, row.attempt, counted(settings, "shelf")) == ("succeeded", 2, 3)
    audit = rows(settings, "SELECT event, outcome FROM audit ORDER BY id")
    assert audit == [("intent", ""), ("outcome", "interrupted"), ("intent", ""), ("outcome", "succeeded")]
    assert in_context(settings, verify_chain).fault is None


def test_the_last_attempt_ends_as_interrupted(settings: Settings) -> None:
    for feature, attempts in ((count_once, 1), (count_to, 3)):
        id = Runner(ADMIN, settings).submit(feature, "shelf")
        for _ in range(attempts):
            begin_and_die(settings, id)
            in_context(settings, reap, settings)
        row = in_context(settings, read_operation, id)
        assert (row.state, row.attempt, row.error_code) == ("interrupted", attempts, "interrupted")
        assert row.finished_at is not None
        assert not rows(settings, "SELECT * FROM target_lock")


def test_what_was_to_be_cancelled_is_not_begun_again(settings: Settings) -> None:
    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    begin_and_die(settings, id)
    execute(settings, "UPDATE operation SET cancel_requested_at = created_at")
    in_context(settings, reap, settings)
    assert in_context(settings, read_operation, id).state == "cancelled"


def test_a_lease_that_ran_out_is_taken_over_although_the_process_lives(settings: Settings) -> None:
    """A worker elsewhere, or one that is stopped: nobody here can tell. On SQLite the file tells."""
    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    begin_and_die(settings, id, process="another machine/its boot/1/1")
    in_context(settings, reap, settings)
    assert in_context(settings, read_operation, id).state == "running"  # its lease holds
    let_lease_run_out(settings, id)
    in_context(settings, reap, settings)
    assert in_context(settings, read_operation, id).state == "queued"
    [line] = in_context(settings, read_lines, id)
    assert "elsewhere was not heard for 60 s. Queued again." in line.message


def test_on_sqlite_the_lock_on_a_file_proves_life(settings: Settings) -> None:
    """Work that holds the write lock keeps its own heartbeat out."""
    if settings.database.dialect is not Dialect.SQLITE:
        pytest.skip("a server has sessions: there the lease decides")

    def work(op: Operation) -> None:
        let_lease_run_out(settings, running_id(settings))
        life_file = next(iter(life._held))
        assert life_file.exists()
        in_context(settings, reap, settings)

    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    perform(settings, {"test.count": feature_of(work)}, id)
    assert in_context(settings, read_operation, id).state == "succeeded"
    assert not life._held


def test_who_lost_the_lease_commits_nothing_more(settings: Settings) -> None:
    """TRUST J2: the fence stands in the transaction itself, whatever the worker believes."""
    seen: list[type[BaseException]] = []

    def work(op: Operation) -> None:
        take_away(settings, running_id(settings))
        with pytest.raises(LeaseLost) as caught, transaction() as session:
            session.add(UserLog(username="shelf", action="login", ip_address=""))
        seen.append(caught.type)
        raise caught.value

    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    perform(settings, {"test.count": feature_of(work)}, id)
    assert seen == [LeaseLost]
    assert counted(settings, "shelf") == 0
    row = in_context(settings, read_operation, id)
    assert (row.state, row.attempt) == ("queued", 2)  # what the other has made of it stays


def test_who_lost_the_lease_is_told_within_a_second(settings: Settings) -> None:
    def work(op: Operation) -> None:
        take_away(settings, running_id(settings))
        end = monotonic() + 10
        while monotonic() < end:
            op.advance()
        raise AssertionError("nobody told")

    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    began = monotonic()
    perform(settings, {"test.count": feature_of(work)}, id)
    assert monotonic() - began < 5
    assert in_context(settings, read_operation, id).state == "queued"


def test_the_lease_is_renewed_while_the_work_goes_on(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "LEASE", 2.0)
    monkeypatch.setattr(leases, "HEARTBEAT", 0.2)
    ends: list[Any] = []

    def work(op: Operation) -> None:
        ends.append(rows(settings, "SELECT lease_until FROM operation"))
        threading.Event().wait(1.5)
        ends.append(rows(settings, "SELECT lease_until FROM operation"))

    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    perform(settings, {"test.count": feature_of(work)}, id)
    assert ends[0] < ends[1]


def test_what_was_cancelled_is_held_until_it_has_ended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 5: work that is slow to hear of its cancel keeps its lease, and so its target."""
    monkeypatch.setattr(leases, "LEASE", 1.5)
    monkeypatch.setattr(leases, "HEARTBEAT", 0.2)

    def work(op: Operation) -> None:
        in_context(settings, cancel_operation, settings, running_id(settings), ADMIN)
        threading.Event().wait(2.5)
        in_context(settings, reap, settings)
        with pytest.raises(TargetBusy):
            Runner(ADMIN, settings).submit(count_to, "shelf")
        op.check()

    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    perform(settings, {"test.count": feature_of(work)}, id)
    assert in_context(settings, read_operation, id).state == "cancelled"


def test_a_worker_that_cannot_renew_stops_by_itself(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database is away for longer than the lease: another may have taken over by then."""
    if settings.database.dialect is Dialect.SQLITE:
        pytest.skip("the lock on a file holds as long as the process lives")
    monkeypatch.setattr(leases, "LEASE", 1.0)
    ended: list[bool] = []

    def work(op: Operation) -> None:
        with pytest.raises(OperationCancelled):
            while True:
                op.advance()
        ended.append(True)
        raise OperationCancelled

    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    perform(settings, {"test.count": feature_of(work)}, id)
    assert ended


def begin_and_die(settings: Settings, id: str, process: str = "") -> None:
    """Claim as a worker that ends right after, or as one whose process is as given."""

    def work() -> None:
        with closing(OwnConnection(settings.database)) as own:
            assert own.insist(lambda connection: claim(connection, id))

    in_context(settings, work)
    if process:
        execute(settings, f"UPDATE target_lock SET host = 'elsewhere', process = '{process}'")


def let_lease_run_out(settings: Settings, id: str) -> None:
    """As if the heartbeat had not come for a while."""
    before = update(OperationRecord).where(OperationRecord.id == id)

    def change() -> None:
        with transaction() as session:
            now = session.execute(select(database_now())).scalar_one()
            session.execute(before.values(lease_until=now.replace(year=now.year - 1)))

    in_context(settings, change)


def take_away(settings: Settings, id: str) -> None:
    """Make another attempt of it, as whoever takes over does."""
    execute(settings, f"UPDATE operation SET attempt = 2, state = 'queued' WHERE id = '{id}'")


def running_id(settings: Settings) -> str:
    return str(rows(settings, "SELECT id FROM operation WHERE state = 'running'")[0][0])
