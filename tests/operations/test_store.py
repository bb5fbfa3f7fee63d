"""Operations read back for pages: lists by keyset, and all that the page of one operation shows."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert, select, text

from core.actor import Actor, Role
from core.clock import utc_now
from core.errors import NotFound
from core.settings import Settings
from models import OperationLine, OperationPhase, OperationRecord, TargetLock, db
from models.types import database_now
from operations.panels import Phase, read_panel
from operations.runner import in_context
from operations.store import list_operations, read_earlier_lines, read_operation
from tests.operations.support import execute, rows
from tests.servers import Server

ID = "01jd0000000000000000000001"


def add(settings: Settings, model: Any, *given: dict[str, Any]) -> None:
    def write() -> None:
        db.session.execute(insert(model), list(given))
        db.session.commit()

    in_context(settings, write)


def operation_row(id: str = ID, **values: Any) -> dict[str, Any]:
    now = utc_now()
    names = {
        "id": id,
        "kind": "test.work",
        "title": "Work",
        "target": "shelf",
        "actor": "ada",
        "through": "web",
    }
    return {**names, "state": "running", "created_at": now, "started_at": now, "attempt": 1, **values}


def phase_row(position: int, **values: Any) -> dict[str, Any]:
    place = {"operation_id": ID, "attempt": 1, "position": position}
    return {**place, "name": f"Phase {position}", "done": 0, "unit": "row", "started_at": utc_now(), **values}


def line_row(id: str, message: str) -> dict[str, Any]:
    return {"operation_id": id, "at": utc_now(), "message": message}


def many(settings: Settings, count: int, state: Callable[[int], str]) -> list[str]:
    ids = [f"01jd{number:022d}" for number in range(count)]
    add(settings, OperationRecord, *(operation_row(id, state=state(n)) for n, id in enumerate(ids)))
    return ids[::-1]


def test_lists_go_on_where_the_last_one_ended(settings: Settings) -> None:
    ids = many(settings, 7, lambda number: "failed" if number % 2 else "succeeded")

    def walk(state: str) -> list[list[str]]:
        parts, before = [], ""
        while True:
            part = list_operations(state, before, limit=3)
            parts.append([row.id for row in part.rows])
            if not (before := part.next_before):
                return parts

    assert in_context(settings, walk, "") == [ids[:3], ids[3:6], ids[6:]]
    assert in_context(settings, walk, "failed") == [[ids[1], ids[3], ids[5]]]
    assert in_context(settings, walk, "queued") == [[]]


def test_a_panel_knows_phases_lock_lines_and_when_the_worker_was_heard(settings: Settings) -> None:
    """By the database's clock, whatever ours says (ARCHITECTURE section 4, rule 6)."""
    heard = in_context(settings, lambda: db.session.execute(select(database_now())).scalar_one())
    add(settings, OperationRecord, operation_row(attempt=2, heartbeat_at=heard - timedelta(seconds=20)))
    add(
        settings,
        OperationPhase,
        phase_row(0, name="Of the first attempt"),
        phase_row(0, attempt=2, done=5, total=5, speeds=[[1.0, 5.0]], finished_at=utc_now()),
        phase_row(
            1, attempt=2, done=400, total=1000, speeds=[[1.0, 900.0], *([n, 100.0] for n in range(2, 7))]
        ),
    )
    add(
        settings, OperationLine, *({"operation_id": ID, "at": utc_now(), "message": f"{n}"} for n in range(5))
    )
    lock = {"target": "shelf", "operation_id": ID, "title": "Work", "actor": "ada", "taken_at": utc_now()}
    add(settings, TargetLock, {**lock, "host": "", "pid": 0, "process": ""})

    panel = in_context(settings, read_panel, ID, limit=3)
    assert [phase.name for phase in panel.phases] == ["Phase 0", "Phase 1"]
    assert panel.holds_lock
    assert [line.message for line in panel.lines] == ["2", "3", "4"] and panel.has_earlier
    assert panel.heard is not None and 20 <= panel.heard < 30
    current = panel.current
    assert current and (current.percent, current.speed(panel.now)) == (40, 100.0)
    assert panel.left == 6.0 and panel.ends_at == panel.now + timedelta(seconds=6)

    first = panel.lines[0]
    assert [line.message for line in in_context(settings, read_panel, ID, first.id).lines] == ["3", "4"]
    earlier = in_context(settings, read_earlier_lines, ID, first.id, 5)
    assert [line.message for line in earlier] == ["0", "1"]


def test_an_operation_without_phases_lines_or_lock_is_whole(settings: Settings) -> None:
    ended = utc_now()
    add(
        settings,
        OperationRecord,
        operation_row(
            state="succeeded",
            phase="Count",
            done=3,
            started_at=ended - timedelta(seconds=9),
            finished_at=ended,
        ),
    )
    panel = in_context(settings, read_panel, ID)
    assert panel.elapsed == 9 and panel.left is None and panel.heard is None and panel.newest_line == 0
    assert panel.current == Phase("Count", 3, None, "", panel.operation.started_at, ended)
    assert not panel.holds_lock and panel.lines == ()


def test_the_result_is_the_last_line_and_a_busy_worker_is_seen(settings: Settings) -> None:
    """On every dialect: the question says it in its own SQL."""
    other, soon = f"01jd{2:022d}", utc_now() + timedelta(minutes=1)
    long_ago: dict[str, Any] = {"created_at": utc_now() - timedelta(minutes=1), "heartbeat_at": None}
    add(settings, OperationRecord, operation_row(state="queued", started_at=None, **long_ago))
    assert in_context(settings, read_panel, ID).waits_for_nobody
    add(settings, OperationRecord, operation_row(other, target="b", arguments={}, lease_until=soon))
    add(settings, OperationLine, *(line_row(other, text) for text in ("Looking", "All is well.")))
    assert not in_context(settings, read_panel, ID).waits_for_nobody
    assert in_context(settings, read_panel, other).last_note == ""
    execute(settings, "UPDATE operation SET state = 'succeeded'")
    assert in_context(settings, read_panel, other).last_note == "All is well."


@pytest.mark.parametrize(("done", "seconds", "speed"), [(1, 5, None), (40, 0.9, None), (40, 4, 10.0)])
def test_little_tells_no_speed(done: int, seconds: float, speed: float | None) -> None:
    began = utc_now()
    phase = Phase("Count", done, 40, "", began, began + timedelta(seconds=seconds))
    assert phase.speed(utc_now()) == speed


def test_what_is_not_there_is_said(settings: Settings) -> None:
    with pytest.raises(NotFound, match="no operation 0x"):
        in_context(settings, read_panel, "0x")


@pytest.mark.parametrize(
    ("total", "done", "percent"), [(None, 5, None), (0, 0, None), (3, 2, 66), (1000, 999, 99), (2, 3, 100)]
)
def test_a_hundred_percent_means_all(total: int | None, done: int, percent: int | None) -> None:
    assert Phase("Count", done, total, "", None).percent == percent


@pytest.mark.parametrize(
    ("actor", "may"),
    [
        (Actor("ada", Role.OPERATOR, "web", user_id=1), True),
        (Actor("ada", Role.VIEWER, "web", user_id=1), False),
        (Actor("ada", Role.OPERATOR, "web", user_id=2), False),
        (Actor("ada", Role.OPERATOR, "cli"), False),
        (Actor("bob", Role.ADMIN, "web", user_id=2), True),
    ],
)
def test_whoever_started_it_or_an_admin_may_cancel(settings: Settings, actor: Actor, may: bool) -> None:
    """TRUST Z2: a name alone proves nothing."""
    add(settings, OperationRecord, operation_row(user_id=1))
    assert in_context(settings, read_operation, ID).may_be_cancelled_by(actor) is may


def test_a_page_of_one_state_reads_no_more_than_it_shows(settings: Settings, server: Server) -> None:
    """The index gives the newest rows of a state in order: none is sorted, none is passed over."""
    if server.dialect != "postgresql":
        pytest.skip("one planner shows what the index is for")
    add(settings, OperationRecord, operation_row())
    others = sorted(set(OperationRecord.__table__.columns.keys()) - {"id", "state"})
    execute(
        settings,
        f"INSERT INTO operation (id, state, {', '.join(others)})"
        " SELECT lpad(n::text, 26, '0'), CASE WHEN n < 200 THEN 'failed' ELSE 'succeeded' END,"
        f" {', '.join(others)} FROM operation, generate_series(1, 50000) n",
        "ANALYZE operation",
    )
    asked: list[str] = []

    def plan() -> None:
        from sqlalchemy import event

        def note(_: Any, __: Any, statement: str, parameters: Any, *___: Any) -> None:
            asked.append(statement % {name: repr(value) for name, value in parameters.items()})

        event.listen(db.engine, "before_cursor_execute", note)
        assert len(list_operations("failed").rows) == 50

    in_context(settings, plan)
    told = "\n".join(row[0] for row in rows(settings, str(text(f"EXPLAIN (ANALYZE, COSTS off) {asked[-1]}"))))
    assert "ix_operation_state_id" in told and "actual time" in told
    assert "Sort" not in told and "Seq Scan" not in told and "rows=51" in told
