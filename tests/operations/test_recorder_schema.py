"""The record of work on the very tables it is written to: made, dropped, older, newer, or without room."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, event

from core.errors import ConnectionFailed, SchemaTooNew, ServerError
from core.progress import Event, Finished, Noted, Operation
from core.settings import Settings, load_settings
from models import db
from operations import recorder
from operations.audit_chain import verify_chain
from operations.runner import Runner, in_context
from operations.store import newest_operations, read_lines
from operations.takeover import settle_dead_operations
from tests.operations.support import ADMIN, execute, made_schema, make, rows, work_on


def test_init_is_recorded_in_the_very_tables_it_makes(empty_settings: Settings) -> None:
    """Rule 2."""

    def work(op: Operation) -> None:
        op.phase("Create tables", total=1)
        op.note("There are none.")
        db.create_all()
        op.advance()

    Runner(ADMIN, empty_settings).run(make, "shelf", work)
    row = in_context(empty_settings, newest_operations, 1)[0]
    assert (row.kind, row.state, row.phase, row.done) == ("test.schema", "succeeded", "Create tables", 1)
    assert row.started_at is not None and row.finished_at is not None and row.started_at < row.finished_at
    assert [line.message for line in in_context(empty_settings, read_lines, row.id)] == ["There are none."]
    assert rows(empty_settings, "SELECT event FROM audit ORDER BY id") == [("intent",), ("outcome",)]
    assert in_context(empty_settings, verify_chain).fault is None
    assert not rows(empty_settings, "SELECT * FROM target_lock")


def test_init_is_recorded_as_soon_as_the_tables_exist(empty_settings: Settings) -> None:
    """Rule 2, and rule 5: from then on it holds its target by the row, too."""

    def work(op: Operation) -> list[tuple[object, ...]]:
        db.create_all()
        time.sleep(recorder.INTERVAL + 0.05)
        op.phase("Look")
        return rows(empty_settings, "SELECT o.state, l.title FROM operation o, target_lock l, audit a")

    assert Runner(ADMIN, empty_settings).run(make, "shelf", work) == [("running", "Make shelf")]


def test_an_init_that_fails_half_way_is_recorded_where_it_can_be(empty_settings: Settings) -> None:
    def work(op: Operation) -> None:
        db.create_all()
        raise ConnectionFailed("It is gone.")

    with pytest.raises(ConnectionFailed):
        Runner(ADMIN, empty_settings).run(make, "shelf", work)
    row = in_context(empty_settings, newest_operations, 1)[0]
    assert (row.state, row.error_message) == ("failed", "It is gone.")


def test_reset_is_recorded_in_the_tables_it_made_anew(settings: Settings) -> None:
    """Rule 2: row, lock and intent went away with the old tables."""

    def work(op: Operation) -> None:
        op.phase("Drop")
        db.drop_all()
        time.sleep(recorder.INTERVAL + 0.05)
        op.phase("Create")  # its write meets no table, and is kept
        db.create_all()
        op.note("Made anew.")

    Runner(ADMIN, settings).run(make, "shelf", work)
    row = in_context(settings, newest_operations, 1)[0]
    assert (row.state, row.phase) == ("succeeded", "Create")
    assert rows(settings, "SELECT message FROM operation_line") == [("Made anew.",)]
    assert rows(settings, "SELECT event, outcome FROM audit ORDER BY id") == [
        ("intent", ""),
        ("outcome", "succeeded"),
    ]
    assert not rows(settings, "SELECT * FROM target_lock")


def test_an_older_schema_is_brought_up_to_date_without_a_record_at_first(settings: Settings) -> None:
    """Rule 2: a column is missing that the record wants."""
    execute(settings, "ALTER TABLE operation DROP COLUMN result", "ALTER TABLE audit DROP COLUMN address")

    def work(op: Operation) -> None:
        kind = "MEDIUMTEXT" if settings.database.dialect in ("mysql", "mariadb") else "TEXT"
        execute(settings, f"ALTER TABLE operation ADD COLUMN result {kind}")
        execute(settings, "ALTER TABLE audit ADD COLUMN address VARCHAR(45) DEFAULT '' NOT NULL")

    Runner(ADMIN, settings).run(make, "shelf", work)
    assert in_context(settings, newest_operations, 1)[0].state == "succeeded"
    assert rows(settings, "SELECT event FROM audit ORDER BY id") == [("intent",), ("outcome",)]


def test_a_schema_with_a_column_too_many_can_still_be_made_anew(settings: Settings) -> None:
    text = "VARCHAR(9) NOT NULL" + (" DEFAULT 'x'" if settings.database.dialect == "sqlite" else "")
    execute(settings, f"ALTER TABLE operation ADD COLUMN wanted {text}")
    assert Runner(ADMIN, settings).run(make, "shelf", lambda op: "made anew") == "made anew"


def test_without_room_for_the_intent_nothing_is_destroyed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Rule 2: the tables are there, so that only their absence could excuse a missing intent."""
    (tmp_path / "full.db").touch()
    monkeypatch.setenv("DATABASE_URL", f"sqlite:///{tmp_path / 'full.db'}")
    settings = load_settings()
    made_schema(settings)
    started: list[bool] = []
    with full_disk(), pytest.raises(ServerError, match=r"^Nothing was started.* is full") as caught:
        for _ in range(100):  # until the pages that are there are filled
            started.clear()
            Runner(ADMIN, settings).run(make, "shelf", lambda op: started.append(True))
    assert not started
    assert caught.value.hint


@contextmanager
def full_disk() -> Iterator[None]:
    """No SQLite file may grow: what needs another page meets the error of a full disk."""

    def limit(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1")  # which stands for: not one more

    event.listen(Engine, "connect", limit)
    try:
        yield
    finally:
        event.remove(Engine, "connect", limit)


def test_a_schema_of_a_newer_release_is_not_written_to(settings: Settings) -> None:
    execute(
        settings,
        "CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)",
        "INSERT INTO alembic_version VALUES ('from_the_future')",
    )
    with pytest.raises(SchemaTooNew, match="from_the_future"):
        Runner(ADMIN, settings).run(work_on, "shelf")
    with pytest.raises(SchemaTooNew, match="from_the_future"):
        in_context(settings, settle_dead_operations, settings, ADMIN)
    assert not rows(settings, "SELECT * FROM operation") and not rows(settings, "SELECT * FROM audit")


def test_drop_says_that_its_end_has_no_place_to_be_recorded(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """Rule 2: no error, a note and a line in the log."""

    caplog.set_level("INFO", "basekeeper.operations")

    def work(op: Operation) -> int:
        db.drop_all()
        return 12

    heard: list[Event] = []
    assert Runner(ADMIN, settings, heard.append).run(make, "shelf", work) == 12
    assert isinstance(heard[-2], Noted) and "not recorded" in heard[-2].message
    assert heard[-1] == Finished("succeeded")
    assert any("(succeeded) is not recorded" in record.getMessage() for record in caplog.records)
