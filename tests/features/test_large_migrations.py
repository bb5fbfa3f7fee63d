"""Twelve migrations over two tables: what their plan says of 200,000 rows, and what is left when the process,
the server or the disk gives out in the middle (SPEC section 6; TRUST F2, F4, F7). The rounds of faults are
over as many rows; the suite does with fewer."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import AppError, Conflict
from core.settings import Settings
from database.adapters.base import Capability
from database.context import application_context
from database.migration_plan import PlannedStatement
from features.backups import list_backups
from features.migration_runs import list_runs
from jobs.catalogue import CATALOGUE
from operations.performing import perform
from operations.runner import in_context
from operations.store import read_operation
from tests.features.conftest import Configure
from tests.features.killing import check_end, come_after, in_child
from tests.features.library import LARGE, Library, open_library
from tests.features.restoring import able, drop_beside, registered
from tests.features.test_backup_trouble import add_text
from tests.rounds import ROUNDS
from tests.schema_templates import SchemaTemplates
from tests.servers import PrivateServer, Server

ROWS = LARGE if ROUNDS > 1 else 3125
TIMES = max(1, ROUNDS // 4)
MYSQL = ("mariadb", "mysql")


@pytest.fixture
def console(configure: Configure, sqlite_schema_url: str, server: Server, tmp_path: Path) -> Settings:
    """A console on SQLite."""
    return able(configure(sqlite_schema_url), server, tmp_path)


@pytest.fixture
def library(console: Settings, server: Server, database_url: str, tmp_path: Path) -> Iterator[Library]:
    """It has the library registered as the shop."""
    yield open_library(console, server, database_url, tmp_path, ROWS)
    drop_beside(server, database_url)


@pytest.mark.every_server
def test_the_plan_knows_rows_and_bytes(
    console: Settings, server: Server, database_url: str, tmp_path: Path
) -> None:
    """Of tables that were filled a moment ago, of which the server's own statistics know nothing yet."""
    library = open_library(console, server, database_url, tmp_path, LARGE)
    planned = planned_by_table(library)
    assert {(one.rows, one.is_exact) for one in planned} == {(LARGE, True)}
    assert {one.object.split(".")[0] for one in planned} == {"title", "loan"}
    said = {one.finding.title for one in library.plan().plan.findings}
    assert {"Overwrites values in title", "Renames loan.days to length", "Drops reader"} <= said
    assert any("index" in title for title in said)
    assert all(one.size is None or 10 * LARGE < one.size < 200 * LARGE for one in planned)
    if server.dialect in MYSQL:
        server.execute(database_url, "ANALYZE TABLE title, loan")
    assert all(one.size and 10 * LARGE < one.size < 200 * LARGE for one in planned_by_table(library))
    assert library.is_untouched()


def planned_by_table(library: Library) -> list[PlannedStatement]:
    """The statements of the plan that work on a table that is there."""
    revisions = library.plan().plan.revisions
    return [one for each in revisions for one in each.statements if one.rows is not None]


@pytest.mark.rounds
def test_a_run_killed_at_any_moment_is_brought_to_its_end(library: Library) -> None:
    """Within statements too, which a server ends though nobody is there; and in the backup before."""
    began = time.monotonic()
    library.go(skip_backup=False)
    whole = time.monotonic() - began
    for _ in range(TIMES):
        library.go("base")
        assert library.is_untouched()
        id = library.submit(skip_backup=False)
        moment = random.uniform(0, whole)
        with performing(library.settings, id) as pid:
            time.sleep(moment)
            os.kill(pid, signal.SIGKILL)
        come_after(library.settings)
        check_end(library.settings, id, f"{moment:.2f} of {whole:.2f} s", "succeeded")
        assert library.is_done() and library.is_free()
        with application_context(library.settings):
            done = list_runs("shop")[0]
            [backup] = [one for one in list_backups("shop").backups if one.name == done.backup]
        assert (done.id, done.state, done.from_revision) == (id, "succeeded", "")
        assert backup.taken_at <= done.started_at  # of what was there before, not of a part of the way


@pytest.mark.rounds
@pytest.mark.requires(Capability.SESSIONS)
def test_a_server_that_goes_down_in_the_middle_is_gone_on_with(
    console: Settings, private_server: PrivateServer, tmp_path: Path
) -> None:
    """Killed and back again; restarted in an orderly way."""
    url = private_server.server.create_database("shop")
    library = open_library(console, private_server.server, url, tmp_path, ROWS)
    began = time.monotonic()
    library.go()
    whole = time.monotonic() - began
    for number in range(TIMES):
        library.go("base")
        end = private_server.stop if number % 2 else private_server.kill
        timer = threading.Timer(random.uniform(0.1, 0.9) * whole, end)
        timer.start()
        try:
            library.go()
        except AppError as error:
            assert error.hint, repr(error)
        timer.join()
        private_server.start()
        assert library.is_free()
        library.go()
        assert library.is_done(), number


@pytest.mark.rounds
def test_a_disk_too_full_for_the_backup_stops_it_before_anything_is_done(library: Library) -> None:
    """TRUST F7: our own files may not grow past a megabyte."""
    add_text(library.server, library.url)
    before = library.plan().plan.hash
    said = in_child(lambda: library.go(skip_backup=False), limit=1_000_000)
    assert "full" in said or "disk" in said, said
    assert not list(library.settings.backup_dir.glob("*.part"))
    with application_context(library.settings):
        assert not list_backups("shop").backups and not list_runs("shop")
    assert library.plan().plan.hash == before and library.is_free()
    assert library.go("+1", skip_backup=False).backup


@pytest.mark.rounds
def test_two_consoles_at_once_do_it_once(
    library: Library, configure: Configure, templates: SchemaTemplates, tmp_path: Path
) -> None:
    """One of them waits; whoever came second finds it done, or is told that it is elsewhere."""
    url = f"sqlite:///{tmp_path / 'second.db'}"
    templates.copy_into(url)
    second = registered(able(configure(url), library.server, tmp_path), library.url)
    second = replace(second, migration_directories=library.settings.migration_directories)
    both = (library, replace(library, settings=second))
    ids = [one.submit() for one in both]
    with performing(both[0].settings, ids[0]), performing(both[1].settings, ids[1]):
        pass
    rows = [in_context(one.settings, read_operation, id) for one, id in zip(both, ids, strict=True)]
    assert [row.state for row in rows] == ["succeeded"] * 2, [row.error_message for row in rows]
    assert library.is_done() and library.is_free()
    library.go("base")
    stale = both[1].plan()
    library.go("r3")
    with pytest.raises(Conflict, match="no longer the one that was shown"):
        both[1].go_by(stale)


@contextmanager
def performing(settings: Settings, id: str) -> Iterator[int]:
    """The operation in a process of its own, whose end is waited for."""
    pid = os.fork()
    if not pid:
        try:
            perform(settings, CATALOGUE, id)
        finally:
            os._exit(0)
    try:
        yield pid
    finally:
        os.waitpid(pid, 0)
