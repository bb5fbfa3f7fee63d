"""The recorder's two moods: impatient while the work goes on, faithful at its end (rules 1 and 2)."""

from __future__ import annotations

import time

import pytest
from sqlalchemy import text, update

from core.clock import monotonic
from core.errors import ConnectionFailed
from core.progress import Event, Finished, Noted, Operation
from core.settings import Settings, load_settings
from database.adapters import closing_connection
from database.adapters.base import Capability
from models import OperationRecord, db
from operations import recorder
from operations.runner import Runner, in_context
from operations.store import newest_operations, read_lines
from tests.operations.support import ADMIN, execute, rows, work_on


def hold_the_row_and_work(seconds: float):
    """Work that keeps the operation's own row locked (on SQLite the whole file) until it is done."""

    def work(op: Operation) -> int:
        db.session.execute(update(OperationRecord).values(unit="held"))
        op.phase("Count", total=100)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(seconds / 100)
            op.advance()
        op.note("All counted.")
        db.session.commit()
        return 7

    return work


def test_work_that_locks_the_record_is_not_held_up_by_it(settings: Settings) -> None:
    """Rule 1: 1.0 s of work took 24 s where the record waited its turn."""
    began = time.monotonic()
    assert Runner(ADMIN, settings).run(work_on, "shelf", hold_the_row_and_work(1.0)) == 7
    whole_seconds = 1.0 if settings.database.dialect in ("mysql", "mariadb") else 0.0
    assert time.monotonic() - began < 5 + whole_seconds
    row = in_context(settings, newest_operations, 1)[0]
    assert (row.state, row.phase, row.total) == ("succeeded", "Count", 100)
    assert [line.message for line in in_context(settings, read_lines, row.id)] == ["All counted."]


def test_progress_is_seen_while_the_work_goes_on(settings: Settings) -> None:
    """Written at most every 0.25 s, and then by whoever looks on another connection."""

    def work(op: Operation) -> list[tuple[object, ...]]:
        op.phase("Count", total=100, unit="words")
        op.note("It begins.")
        for _ in range(100):
            time.sleep(0.05)
            op.advance()
            columns = "SELECT state, unit, message FROM operation, operation_line"
            if seen := rows(settings, f"{columns} WHERE done > 0"):
                return seen
        return []

    seen = Runner(ADMIN, settings).run(work_on, "shelf", work)
    assert seen == [("running", "words", "It begins.")]
    assert rows(settings, "SELECT message FROM operation_line") == [("It begins.",)]


def test_a_phase_that_stays_silent_is_seen_at_once(settings: Settings) -> None:
    """Such as one that waits for a single long statement, right after the start. On a busy machine the
    impatient write may be given up: then the next phase is seen."""

    def work(op: Operation) -> list[tuple[object, ...]]:
        for _ in range(20):
            op.phase("Ask the server", total=1)
            if (seen := rows(settings, "SELECT phase, total FROM operation")) != [("", None)]:
                break
        return seen

    assert Runner(ADMIN, settings).run(work_on, "shelf", work) == [("Ask the server", 1)]


def test_an_end_that_cannot_be_recorded_changes_no_result(settings: Settings) -> None:
    """Rule 1: recording never turns a success into a failure; who listens is told."""

    def work(op: Operation) -> int:
        execute(settings, "ALTER TABLE audit RENAME COLUMN details TO other")
        return 7

    heard: list[Event] = []
    assert Runner(ADMIN, settings, heard.append).run(work_on, "shelf", work) == 7
    assert heard[-1] == Finished("succeeded")
    assert isinstance(heard[-2], Noted) and "is not recorded" in heard[-2].message


@pytest.mark.requires(Capability.SESSIONS)
def test_a_lost_connection_costs_progress_but_not_the_end(settings: Settings) -> None:
    """TRUST F5: the server ends the recorder's session; the last write connects anew."""

    def work(op: Operation) -> int:
        end_all_sessions(settings)
        time.sleep(recorder.INTERVAL + 0.05)
        op.phase("Go on", total=1)  # its write meets a connection that is gone
        op.note("It went on.")
        return 7

    assert Runner(ADMIN, settings).run(work_on, "shelf", work) == 7
    row = in_context(settings, newest_operations, 1)[0]
    assert (row.state, row.phase) == ("succeeded", "Go on")
    assert rows(settings, "SELECT message FROM operation_line") == [("It went on.",)]
    assert rows(settings, "SELECT event FROM audit ORDER BY id") == [("intent",), ("outcome",)]


def end_all_sessions(settings: Settings) -> None:
    name = settings.database.name
    with closing_connection(settings.database, 10) as (adapter, connection):
        mine = [session for session in adapter.sessions(connection) if session.database == name]
        assert mine
        for session in mine:
            adapter.terminate(connection, session.id)


def test_a_restored_record_is_written_again(settings: Settings) -> None:
    """Rule 2: restoring our own database over itself takes the running operation's rows away."""

    def work(op: Operation) -> None:
        execute(settings, "DELETE FROM target_lock", "DELETE FROM audit", "DELETE FROM operation")

    Runner(ADMIN, settings).run(work_on, "shelf", work)
    assert in_context(settings, newest_operations, 1)[0].state == "succeeded"
    assert rows(settings, "SELECT event FROM audit ORDER BY id") == [("intent",), ("outcome",)]
    assert not rows(settings, "SELECT * FROM target_lock")


def test_many_lines_in_little_time_cost_little(settings: Settings) -> None:
    """Lines wait for the next write; they are not written one by one."""

    def work(op: Operation) -> None:
        for number in range(5000):
            op.note(f"line {number}")

    began = monotonic()
    Runner(ADMIN, settings).run(work_on, "shelf", work)
    assert monotonic() - began < 5
    assert rows(settings, "SELECT count(*) FROM operation_line") == [(5000,)]


def test_text_no_column_can_hold_is_cut_and_made_visible(settings: Settings) -> None:
    """TRUST L3: one event, one line; and no text ends the record."""

    def work(op: Operation) -> None:
        op.phase("p" * 500, unit="u" * 50)
        op.note("first\nsecond \x00 \x1b[31m \ud800 " + "x " * 35_000)

    Runner(ADMIN, settings).run(work_on, "n" * 300, work)
    row = in_context(settings, newest_operations, 1)[0]
    assert row.state == "succeeded" and len(row.title) == 255 and len(row.phase) == 100
    line = in_context(settings, read_lines, row.id)[0].message
    assert line.startswith(r"first\x0asecond \x00 \x1b[31m \ud800 x x ") and len(line) == 4000


def test_in_memory_the_work_stays_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """One shared connection: nothing is recorded while the work runs, so that it can still be undone."""
    monkeypatch.setenv("FLASK_ENV", "testing")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///:memory:")
    settings = load_settings()

    def work(op: Operation) -> None:
        db.session.execute(text("CREATE TABLE shelf (book TEXT)"))
        db.session.commit()
        db.session.execute(text("INSERT INTO shelf VALUES ('x')"))
        time.sleep(recorder.INTERVAL + 0.05)
        op.note("Not yet kept.")
        raise ConnectionFailed("Gone.")

    def whole() -> None:
        db.create_all()
        with pytest.raises(ConnectionFailed):
            Runner(ADMIN, settings).run(work_on, "shelf", work)
        assert db.session.execute(text("SELECT count(*) FROM shelf")).scalar() == 0
        assert newest_operations()[0].state == "failed"

    in_context(settings, whole)
