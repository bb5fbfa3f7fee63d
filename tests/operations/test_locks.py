"""One operation per target (rule 5): who holds it is told, and a dead holder does not hold it for ever."""

from __future__ import annotations

import multiprocessing
import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import insert

from core.clock import utc_now
from core.errors import AppError, NotFound, TargetBusy
from core.progress import Event, Noted, Operation
from core.settings import Settings
from models import TargetLock, db
from operations import locks, takeover
from operations.audit_chain import verify_chain
from operations.processes import this_process
from operations.runner import Runner, in_context
from operations.store import newest_operations
from tests.operations.support import ADMIN, execute, make, rows, work_on, work_until_killed


def test_the_second_is_told_who_holds_the_target(settings: Settings) -> None:
    def second(op: Operation) -> TargetBusy:
        with pytest.raises(TargetBusy) as caught:
            Runner(ADMIN, settings).run(work_on, "shelf")
        return caught.value

    busy = Runner(ADMIN, settings).run(work_on, "shelf", second)
    first = in_context(settings, newest_operations)
    assert len(first) == 1  # a refused attempt had no effect, and leaves no row
    assert 'shelf is held by "Work on shelf", which ada started at ' in busy.message
    assert f"{first[0].started_at:%Y-%m-%d %H:%M:%S} UTC" in busy.message
    assert first[0].id in busy.message and str(this_process().pid) in busy.message
    assert busy.http_status == 409


def test_another_target_is_free(settings: Settings) -> None:
    def other(op: Operation) -> str:
        return str(Runner(ADMIN, settings).run(work_on, "board", lambda op: "done"))

    assert Runner(ADMIN, settings).run(work_on, "shelf", other) == "done"


def test_of_eight_at_once_one_works_at_a_time(settings: Settings) -> None:
    """TRUST section 4.3, F10."""
    start = threading.Barrier(8)
    inside: list[int] = []
    ends: list[str] = []

    def work(op: Operation) -> None:
        inside.append(1)
        assert sum(inside) == 1
        time.sleep(0.5)
        inside.append(-1)

    def attempt() -> None:
        start.wait()
        try:
            Runner(ADMIN, settings).run(work_on, "shelf", work)
            ends.append("done")
        except AppError as error:
            ends.append(error.code)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(ends) <= {"done", "target_busy"} and "done" in ends
    assert not rows(settings, "SELECT * FROM target_lock")
    assert in_context(settings, verify_chain).fault is None


def test_the_target_of_a_killed_process_is_taken_over(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    """TRUST F1, F2: kill -9 leaves the row, and the next to come sees that nobody is behind it."""
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=work_until_killed, args=(database_url, str(tmp_path), "shelf"))
    child.start()
    wait_for(tmp_path / "held")
    with pytest.raises(TargetBusy, match=f"process {child.pid} on"):
        Runner(ADMIN, settings).run(work_on, "shelf")

    child.kill()  # not waited for: a zombie is dead, too
    time.sleep(0.1)
    assert Runner(ADMIN, settings).run(work_on, "shelf", lambda op: "done") == "done"
    child.join()
    new, old = in_context(settings, newest_operations)
    assert (new.state, old.state, old.error_code) == ("succeeded", "interrupted", "interrupted")
    assert str(child.pid) in old.error_message and old.finished_at is not None
    ends = rows(settings, "SELECT operation_id, outcome FROM audit WHERE event = 'outcome' ORDER BY id")
    assert ends == [(old.id, "interrupted"), (new.id, "succeeded")]
    assert in_context(settings, verify_chain).fault is None


def test_what_a_killed_process_left_is_settled_by_whoever_starts(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    """TRUST F1: its operation does not stay `running` until someone wants that very target."""
    settle = takeover.settle_dead_operations
    for name in ("shelf", "board"):
        kill_at_work(database_url, tmp_path / name, name)
        assert in_context(settings, newest_operations, 1)[0].state == "running"
        if name == "shelf":
            Runner(ADMIN, settings).run(work_on, "another")
        else:
            assert [one.target for one in in_context(settings, settle, settings, ADMIN)] == ["board"]
        assert {row.state for row in in_context(settings, newest_operations)} <= {"interrupted", "succeeded"}
    assert not rows(settings, "SELECT * FROM target_lock")
    assert in_context(settings, settle, settings, ADMIN) == ()
    assert in_context(settings, verify_chain).fault is None


def test_what_lives_is_not_settled(settings: Settings) -> None:
    hold(settings, "board", pid=1, host="elsewhere", process="its machine/its boot/1/1")

    def look(op: Operation) -> object:
        return takeover.settle_dead_operations(settings, ADMIN)

    assert Runner(ADMIN, settings).run(work_on, "shelf", look) == ()
    assert rows(settings, "SELECT target FROM target_lock") == [("board",)]


def test_where_there_are_no_tables_nothing_is_settled(empty_settings: Settings) -> None:
    assert in_context(empty_settings, takeover.settle_dead_operations, empty_settings, ADMIN) == ()


def test_a_lock_whose_holder_is_seen_to_live_is_not_released(settings: Settings) -> None:
    def release(op: Operation) -> TargetBusy:
        with pytest.raises(TargetBusy) as caught:
            takeover.release_lock(settings, "shelf", ADMIN)
        return caught.value

    busy = Runner(ADMIN, settings).run(work_on, "shelf", release)
    assert busy.hint == "Wait until it has ended."
    assert in_context(settings, newest_operations, 1)[0].state == "succeeded"


def test_a_lock_left_behind_in_this_process_is_taken_over(settings: Settings) -> None:
    """The database was away as an operation of this process ended: it is not among the running ones."""
    hold(settings, "shelf", pid=this_process().pid)
    assert Runner(ADMIN, settings).run(work_on, "shelf", lambda op: "done") == "done"


def test_a_lock_of_another_machine_holds_until_it_is_released(settings: Settings) -> None:
    """Nobody here can tell whether that process lives."""
    hold(settings, "shelf", pid=1, host="elsewhere", process="its machine/its boot/1/1")
    with pytest.raises(TargetBusy, match="process 1 on elsewhere") as caught:
        Runner(ADMIN, settings).run(work_on, "shelf")
    assert caught.value.hint.endswith("run: python manage_db.py release-lock shelf")
    released = in_context(settings, takeover.release_lock, settings, "shelf", ADMIN)
    assert (released.operation_id, released.mark.host) == ("0ld", "elsewhere")
    assert rows(settings, "SELECT actor, operation_id, outcome FROM audit") == [("ada", "0ld", "interrupted")]
    assert Runner(ADMIN, settings).run(work_on, "shelf", lambda op: "done") == "done"
    with pytest.raises(NotFound, match="Nobody holds shelf"):
        in_context(settings, takeover.release_lock, settings, "shelf", ADMIN)


def test_who_was_thought_dead_and_lives_does_not_overwrite_the_verdict(settings: Settings) -> None:
    """Released by hand while it still worked: its outcome stays `interrupted`, and it is said."""
    heard: list[Event] = []

    def work(op: Operation) -> int:
        execute(settings, "UPDATE target_lock SET process = 'as another machine sees it'")
        takeover.release_lock(settings, "shelf", ADMIN)
        return 7

    assert Runner(ADMIN, settings, heard.append).run(work_on, "shelf", work) == 7
    assert in_context(settings, newest_operations, 1)[0].state == "interrupted"
    assert isinstance(heard[-2], Noted)
    assert "ended by someone else as interrupted" in heard[-2].message


def test_two_that_make_the_schema_exclude_each_other_without_any_table(empty_settings: Settings) -> None:
    """The native lock, while there is no row to hold."""

    def second(op: Operation) -> str:
        with pytest.raises(TargetBusy) as caught:
            Runner(ADMIN, empty_settings).run(make, "shelf", lambda op: None)
        return caught.value.message

    assert locks.NATIVE_LOCK in Runner(ADMIN, empty_settings).run(make, "shelf", second)
    assert Runner(ADMIN, empty_settings).run(make, "shelf", lambda op: "free again") == "free again"


def test_what_makes_the_schema_respects_the_row_of_what_does_not(settings: Settings) -> None:
    def reset(op: Operation) -> None:
        with pytest.raises(TargetBusy, match="Work on shelf"):
            Runner(ADMIN, settings).run(make, "shelf", lambda op: db.drop_all())

    Runner(ADMIN, settings).run(work_on, "shelf", reset)


def test_the_schema_lock_is_another_one(empty_settings: Settings) -> None:
    """The migrator takes its own native lock under ours: the process must not wait for itself."""
    from database.schema_lock import schema_lock

    def migrate(op: Operation) -> str:
        with schema_lock(empty_settings.migration_database, patience=0):
            return "migrated"

    assert Runner(ADMIN, empty_settings).run(make, "shelf", migrate) == "migrated"


def hold(
    settings: Settings, target: str, *, pid: int, host: str | None = None, process: str | None = None
) -> None:
    """A lock as another process would have left it."""
    here = this_process()
    values = {"host": host or here.host, "pid": pid, "process": process or here.process}
    row = insert(TargetLock).values(
        target=target, operation_id="0ld", title="Old", actor="bob", taken_at=utc_now(), **values
    )

    def write() -> None:
        with db.engine.begin() as connection:
            connection.execute(row)

    in_context(settings, write)


def kill_at_work(url: str, folder: Path, name: str) -> None:
    """Kill a process while it holds `name`."""
    folder.mkdir()
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=work_until_killed, args=(url, str(folder), name))
    child.start()
    wait_for(folder / "held")
    child.kill()
    child.join()


def wait_for(path: Path) -> None:
    end = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} did not come"
        time.sleep(0.02)
