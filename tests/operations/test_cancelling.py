"""A cancel ends what waits at once, and what runs at its next step (TRUST J4)."""

from __future__ import annotations

import threading

import pytest

from core.clock import monotonic
from core.errors import Conflict, NotFound
from core.progress import Operation
from core.settings import Settings
from operations.audit_chain import verify_chain
from operations.cancelling import cancel_operation
from operations.performing import perform
from operations.runner import Runner, in_context
from operations.store import read_operation
from tests.operations.support import ADMIN, CATALOGUE, count_to, counted, feature_of, rows
from tests.operations.test_takeover import running_id


def test_what_waits_is_cancelled_at_once_and_frees_its_target(settings: Settings) -> None:
    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    in_context(settings, cancel_operation, settings, id, ADMIN)
    row = in_context(settings, read_operation, id)
    assert row.state == "cancelled" and row.finished_at is not None
    assert not perform(settings, CATALOGUE, id)
    assert counted(settings, "shelf") == 0
    assert perform(settings, CATALOGUE, Runner(ADMIN, settings).submit(count_to, "shelf"))
    audit = rows(settings, "SELECT event, action, outcome FROM audit ORDER BY id")[:4]
    assert audit[1:] == [
        ("intent", "operation.cancel", ""),
        ("outcome", "operation.cancel", "succeeded"),
        ("outcome", "test.count", "cancelled"),
    ]
    assert in_context(settings, verify_chain).fault is None


def test_what_runs_ends_at_its_next_step(settings: Settings) -> None:
    started = threading.Event()

    def work(op: Operation) -> None:
        started.set()
        while True:
            op.advance()

    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    worker = threading.Thread(target=perform, args=(settings, {"test.count": feature_of(work)}, id))
    worker.start()
    assert started.wait(60)
    in_context(settings, cancel_operation, settings, id, ADMIN)
    in_context(settings, cancel_operation, settings, id, ADMIN)  # asking twice is asking once
    worker.join(60)
    row = in_context(settings, read_operation, id)
    assert (row.state, worker.is_alive()) == ("cancelled", False)
    assert rows(settings, "SELECT cancel_requested_by FROM operation") == [("ada",)]
    wish = "SELECT event, outcome FROM audit WHERE action = 'operation.cancel' ORDER BY id"
    assert rows(settings, wish) == [("intent", ""), ("outcome", "succeeded")]
    assert not rows(settings, "SELECT * FROM target_lock")


def test_what_the_work_waits_for_is_ended_too(settings: Settings) -> None:
    """A child program or a session on a server would hold it up for hours."""
    waiting = threading.Event()

    def work(op: Operation) -> None:
        in_context(settings, cancel_operation, settings, running_id(settings), ADMIN)
        with op.ending(waiting.set):
            assert waiting.wait(60)

    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    began = monotonic()
    perform(settings, {"test.count": feature_of(work)}, id)
    assert waiting.is_set() and monotonic() - began < 8
    assert in_context(settings, read_operation, id).state == "cancelled"


def test_what_has_ended_or_never_was_cannot_be_cancelled(settings: Settings) -> None:
    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    perform(settings, CATALOGUE, id)
    with pytest.raises(Conflict, match="has ended already: succeeded"):
        in_context(settings, cancel_operation, settings, id, ADMIN)
    with pytest.raises(NotFound):
        in_context(settings, cancel_operation, settings, "0" * 26, ADMIN)
    assert in_context(settings, read_operation, id).state == "succeeded"
