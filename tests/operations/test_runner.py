"""A run from its first event to its last: recorded, audited, and true about how it ended."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import insert

from core.actor import Actor, Role
from core.errors import AppError, Conflict, NotAllowed, NotFound, OperationCancelled, SchemaFault, ServerError
from core.progress import Event, Finished, Noted, Operation, PhaseStarted, Started
from core.settings import Settings
from models import User, db
from operations.audit_chain import verify_chain
from operations.runner import Runner, in_context
from operations.store import newest_operations, read_lines, read_operation
from tests.operations.support import ADMIN, execute, rows, work_on


def newest(settings: Settings):
    return in_context(settings, newest_operations, 1)[0]


def count_words(op: Operation) -> int:
    op.phase("Count words", total=3, unit="words")
    for _ in range(3):
        op.advance()
    op.note("There are three.")
    return 3


def test_a_run_is_recorded_audited_and_heard(settings: Settings) -> None:
    heard: list[Event] = []
    assert Runner(ADMIN, settings, heard.append).run(work_on, "shelf", count_words) == 3

    row = newest(settings)
    assert (row.kind, row.title, row.target) == ("test.work", "Work on shelf", "shelf")
    assert (row.state, row.actor, row.through) == ("succeeded", "ada", "cli")
    assert (row.phase, row.done, row.total, row.unit) == ("Count words", 3, 3, "words")
    assert row.seconds is not None and 0 <= row.seconds < 5
    lines = in_context(settings, read_lines, row.id)
    assert [line.message for line in lines] == ["There are three."]
    assert isinstance(heard[0], Started) and heard[0].operation_id == row.id
    assert heard[1] == PhaseStarted("Count words", 3, "words")
    assert heard[-2:] == [Noted("There are three."), Finished("succeeded")]
    assert not rows(settings, "SELECT * FROM target_lock")


def test_intent_and_outcome_are_audited_by_name(settings: Settings) -> None:
    """TRUST L1."""
    Runner(Actor("ada", Role.ADMIN, "web", "192.0.2.7"), settings).run(work_on, "shelf")
    told = rows(settings, "SELECT event, outcome, action, target, actor, address FROM audit ORDER BY id")
    who = ("test.work", "shelf", "ada", "192.0.2.7")
    assert told == [("intent", "", *who), ("outcome", "succeeded", *who)]
    assert in_context(settings, verify_chain).fault is None


def test_the_intent_is_there_before_the_work_starts(settings: Settings) -> None:
    def look(op: Operation) -> list[tuple[object, ...]]:
        return rows(settings, "SELECT event, operation_id FROM audit")

    seen = Runner(ADMIN, settings).run(work_on, "shelf", look)
    assert seen == [("intent", newest(settings).id)]


def test_what_a_feature_raises_is_recorded_and_raised_as_it_is(settings: Settings) -> None:
    error = Conflict("The shelf is full.", hint="Buy another.")

    def fail(op: Operation) -> None:
        raise error

    heard: list[Event] = []
    with pytest.raises(Conflict) as caught:
        Runner(ADMIN, settings, heard.append).run(work_on, "shelf", fail)
    assert caught.value is error and caught.value.__cause__ is None
    row = newest(settings)
    assert (row.state, row.error_code) == ("failed", "conflict")
    assert (row.error_message, row.error_hint) == ("The shelf is full.", "Buy another.")
    assert heard[-1] == Finished("failed", error)
    assert rows(settings, "SELECT outcome FROM audit WHERE event = 'outcome'") == [("failed",)]
    assert not rows(settings, "SELECT * FROM target_lock")


def test_an_unexpected_error_is_named_without_its_text_and_keeps_its_cause(settings: Settings) -> None:
    with pytest.raises(AppError, match="Work on shelf failed: unexpected ZeroDivisionError") as caught:
        Runner(ADMIN, settings).run(work_on, "shelf", lambda op: 1 / 0)
    assert isinstance(caught.value.__cause__, ZeroDivisionError)
    row = newest(settings)
    assert row.state == "failed" and "division by zero" not in row.error_message
    assert row.id in row.error_hint


def test_a_refusal_of_the_database_is_explained(settings: Settings) -> None:
    def add_twice(op: Operation) -> None:
        for _ in range(2):
            db.session.execute(insert(User).values(username="bob", email="bob@example.org", name="Bob"))

    with pytest.raises(ServerError) as caught:
        Runner(ADMIN, settings).run(work_on, "shelf", add_twice)
    assert caught.value.__cause__ is not None
    assert newest(settings).error_message == caught.value.message


def test_work_that_fails_half_way_is_undone_and_its_end_recorded_at_once(settings: Settings) -> None:
    """An open transaction of the feature would keep the record out until its patience ends."""

    def half(op: Operation) -> None:
        db.session.execute(insert(User).values(username="bob", email="bob@example.org", name="Bob"))
        raise NotFound("No more.")

    began = time.monotonic()
    with pytest.raises(NotFound):
        Runner(ADMIN, settings).run(work_on, "shelf", half)
    assert time.monotonic() - began < 8
    assert newest(settings).state == "failed"
    assert rows(settings, f"SELECT count(*) FROM {quoted(settings, 'user')}") == [(0,)]


def test_too_low_a_role_is_refused_and_starts_nothing(settings: Settings) -> None:
    called: list[Operation] = []
    with pytest.raises(NotAllowed, match="admin"):
        Runner(Actor("vic", Role.VIEWER, "web"), settings).run(work_on, "shelf", called.append)
    assert not called and not rows(settings, "SELECT id FROM operation")


def test_without_tables_nothing_starts_and_the_mend_is_named(empty_settings: Settings) -> None:
    called: list[Operation] = []
    with pytest.raises(SchemaFault, match="manage_db.py init"):
        Runner(ADMIN, empty_settings).run(work_on, "shelf", called.append)
    assert not called


def test_without_an_intent_row_nothing_starts(settings: Settings) -> None:
    """TRUST, Audit: no intent row, no effect; and no half of a record either."""
    execute(settings, "ALTER TABLE audit RENAME COLUMN details TO other")
    called: list[Operation] = []
    with pytest.raises(ServerError, match="Nothing was started, since its record could not be written"):
        Runner(ADMIN, settings).run(work_on, "shelf", called.append)
    assert not called
    assert not rows(settings, "SELECT id FROM operation") and not rows(settings, "SELECT * FROM target_lock")


def test_ctrl_c_is_recorded_as_cancelled(settings: Settings) -> None:
    """Rule 4, in the foreground."""

    def interrupt(op: Operation) -> None:
        raise KeyboardInterrupt

    heard: list[Event] = []
    with pytest.raises(OperationCancelled, match="Work on shelf was cancelled"):
        Runner(ADMIN, settings, heard.append).run(work_on, "shelf", interrupt)
    assert newest(settings).state == "cancelled"
    assert isinstance(heard[-1], Finished) and heard[-1].state == "cancelled"
    assert not rows(settings, "SELECT * FROM target_lock")


def test_the_cancel_flag_ends_the_work_at_its_next_advance(settings: Settings) -> None:
    """Rule 4."""
    done: list[int] = []

    def count(op: Operation) -> None:
        for number in range(10):
            done.append(number)
            op.advance()

    with pytest.raises(OperationCancelled):
        Runner(ADMIN, settings, cancelled=lambda: len(done) == 3).run(work_on, "shelf", count)
    assert done == [0, 1, 2]
    assert newest(settings).state == "cancelled"


def test_a_listener_that_fails_is_left_out_and_the_work_goes_on(settings: Settings) -> None:
    heard: list[Event] = []

    def closed_terminal(event: Event) -> None:
        raise BrokenPipeError

    assert Runner(ADMIN, settings, closed_terminal, heard.append).run(work_on, "shelf", count_words) == 3
    assert heard[-1] == Finished("succeeded")
    assert newest(settings).state == "succeeded"


def test_runs_one_after_another_in_one_context(settings: Settings) -> None:
    def twice() -> None:
        for _ in range(2):
            Runner(ADMIN, settings).run(work_on, "shelf", count_words)
        assert [row.state for row in newest_operations()] == ["succeeded", "succeeded"]

    in_context(settings, twice)


def test_an_operation_that_is_not_there_is_said(settings: Settings) -> None:
    with pytest.raises(NotFound, match="no operation 0x"):
        in_context(settings, read_operation, "0x")


def quoted(settings: Settings, name: str) -> str:
    from database.adapters import adapter_for

    return adapter_for(settings.database).quote(name)
