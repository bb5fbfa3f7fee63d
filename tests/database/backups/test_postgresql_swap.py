"""A restored PostgreSQL database put in the place of the live one and back by two renames in one transaction,
whoever is connected and wherever it is cut off (TRUST D4, note b, B10, F1, F2)."""

from __future__ import annotations

import signal
import time
from contextlib import closing, suppress
from dataclasses import dataclass, replace
from threading import Event, Thread

import psycopg2
import pytest

from core.errors import AppError, Conflict, NotFound, PrivilegeMissing, ServerError
from core.progress import Operation
from database.adapters.backup import BackupAdapter, Swap, SwapState, name_for
from tests.database.backups.postgresql_ground import Ground, at_failpoints, session_in, start, swap_for
from tests.servers.server import connect

KILLED = """
import os, signal, sys
from core.failpoints import listen
from core.connection import parse_url
from core.progress import Operation
from database.adapters.backup import Means, Swap
from database.adapters.backup_adapters import backup_adapter_for
listen(lambda name: name == sys.argv[1] and os.kill(os.getpid(), signal.SIGKILL))
to = parse_url(sys.stdin.readline().strip())
backup_adapter_for(to, to, Means()).swap(Operation(), Swap(*sys.argv[2:]))
"""


@dataclass(frozen=True)
class Sides:
    """The live database and the new one, told apart by what is in them."""

    ground: Ground
    adapter: BackupAdapter
    swap: Swap

    def holds(self, name: str) -> str:
        """What is in it, though it lets nobody in."""
        ground = self.ground
        quoted = ground.server.quoted(name)
        admin = ground.server.admin_url
        ground.server.execute(admin, f"ALTER DATABASE {quoted} ALLOW_CONNECTIONS true")
        return str(ground.server.execute(ground.url_of(name), "SELECT what FROM t")[0][0])

    def is_before(self) -> bool:
        swap = self.swap
        is_open = self.ground.run("SELECT what FROM t") == [("old",)]
        return is_open and swap.kept not in self.ground.names() and self.holds(swap.new) == "new"

    def is_after(self) -> bool:
        swap = self.swap
        is_open = self.ground.run("SELECT what FROM t") == [("new",)]
        return is_open and swap.new not in self.ground.names() and self.holds(swap.kept) == "old"


@pytest.fixture
def sides(postgresql: Ground) -> Sides:
    adapter = postgresql.adapter()
    place = adapter.create_place(op := postgresql.op(), name_for("new", op))
    for name, what in ((postgresql.live, "old"), (place.name, "new")):
        postgresql.run(f"CREATE TABLE t AS SELECT '{what}' AS what", database=name)
    adapter.hand_over(op, place, None)
    return Sides(postgresql, adapter, swap_for(adapter, place.name, postgresql.new_name()))


def test_there_and_back(sides: Sides) -> None:
    adapter, swap, op = sides.adapter, sides.swap, Operation()
    assert adapter.swap_state(swap) is SwapState.BEFORE and sides.is_before()
    adapter.swap(op, swap)
    assert adapter.swap_state(swap) is SwapState.AFTER
    with pytest.raises(psycopg2.OperationalError, match="not currently accepting"):
        connect(sides.ground.url_of(swap.kept))
    assert sides.is_after()
    adapter.swap(op, swap)  # once more does nothing
    assert sides.is_after()
    again = Swap(swap.live, swap.kept, sides.ground.new_name(), swap.new_identity, swap.live_identity)
    adapter.swap(op, again)
    assert adapter.swap_state(again) is SwapState.AFTER and sides.holds(again.kept) == "new"
    assert sides.ground.run("SELECT what FROM t") == [("old",)]
    adapter.drop(op, again.kept)
    assert not {again.kept, swap.kept, swap.new} & sides.ground.names()
    adapter.drop(op, again.kept)  # once more does nothing


def test_sessions_end(sides: Sides) -> None:
    """Those of the live database and of the new one; others go on."""
    swap = sides.swap
    with (
        session_in(sides.ground.url) as old,
        session_in(sides.ground.url_of(swap.new)) as new,
        session_in(sides.ground.server.admin_url) as other,
    ):
        old("BEGIN; INSERT INTO t VALUES ('never')")
        assert len(sides.adapter.connected(swap.live)) == len(sides.adapter.connected(swap.new)) == 1
        sides.adapter.swap(Operation(), swap)
        for run in (old, new):
            with pytest.raises(psycopg2.OperationalError):
                run("SELECT 1")
        other("SELECT 1")
    assert sides.is_after()


@pytest.mark.parametrize(
    ("point", "state"), [("swap.sessions_ended", SwapState.BEFORE), ("swap.done", SwapState.AFTER)]
)
def test_a_kill_is_brought_to_its_end(sides: Sides, point: str, state: SwapState) -> None:
    """Note b: it is done or has not begun, and a second one does what is missing."""
    swap = sides.swap
    worker = start(KILLED, point, swap.live, swap.new, swap.kept, swap.live_identity, swap.new_identity)
    worker.communicate(sides.ground.url + "\n")
    assert worker.returncode == -signal.SIGKILL
    assert sides.adapter.swap_state(swap) is state
    assert sides.ground.run("SELECT what FROM t") == [("new" if state is SwapState.AFTER else "old",)]
    sides.adapter.swap(Operation(), swap)
    assert sides.adapter.swap_state(swap) is SwapState.AFTER and sides.is_after()


def test_a_second_rename_that_fails_undoes_the_first(sides: Sides) -> None:
    """The new one is gone before it could be renamed: the live one has its name, and is open."""
    swap = sides.swap

    def drop(name: str) -> None:
        if name == "swap.sessions_ended" and swap.new in sides.ground.names():
            new = sides.ground.server.quoted(swap.new)
            sides.ground.server.execute(sides.ground.server.admin_url, f"DROP DATABASE {new}")

    with at_failpoints(drop), pytest.raises(ServerError):
        sides.adapter.swap(Operation(), swap)
    assert sides.ground.run("SELECT what FROM t") == [("old",)]
    assert swap.kept not in sides.ground.names()


def test_who_comes_back_at_once_does_not_hinder_it(sides: Sides) -> None:
    """Applications connect anew as soon as their session ends, and none sees the old after the new."""
    seen: list[list[str]] = [[] for _ in range(4)]
    over = Event()

    def work(said: list[str]) -> None:
        while not over.is_set():
            with suppress(psycopg2.Error), closing(connect(sides.ground.url)) as one:
                cursor = one.cursor()
                while not over.is_set():
                    cursor.execute("SELECT what FROM t")
                    said.append(cursor.fetchone()[0])

    def wait_for_more() -> None:
        counts = [len(said) + 10 for said in seen]
        while any(len(said) < count for said, count in zip(seen, counts, strict=True)):
            time.sleep(0.01)

    threads = [Thread(target=work, args=(said,)) for said in seen]
    for thread in threads:
        thread.start()
    wait_for_more()
    began = time.monotonic()
    sides.adapter.swap(Operation(), sides.swap)
    assert time.monotonic() - began < 5
    wait_for_more()
    over.set()
    for thread in threads:
        thread.join()
    for said in seen:
        assert said == sorted(said, reverse=True) and {*said} == {"old", "new"}
    assert sides.is_after()


def test_a_name_that_is_taken_changes_nothing(sides: Sides) -> None:
    swap = replace(sides.swap, kept=sides.ground.new_name())
    sides.ground.server.create_database(swap.kept)
    with pytest.raises(Conflict):
        sides.adapter.swap(Operation(), swap)
    sides.ground.server.drop_database(sides.ground.url_of(swap.kept))
    assert sides.is_before()


def test_a_database_that_is_another_one_is_refused(sides: Sides) -> None:
    """B10: dropped and made again under the same name, it is not what was planned with."""
    swap, ground = sides.swap, sides.ground
    new = ground.server.quoted(swap.new)
    ground.server.execute(ground.server.admin_url, f"DROP DATABASE {new}", f"CREATE DATABASE {new}")
    assert sides.adapter.swap_state(swap) is SwapState.UNKNOWN
    with pytest.raises(Conflict, match="is not the database it was"):
        sides.adapter.swap(Operation(), swap)
    assert ground.run("SELECT what FROM t") == [("old",)]
    with pytest.raises(NotFound):
        sides.adapter.identity("no_such_database")


def test_a_keeper_who_is_no_superuser_swaps_what_is_his(postgresql: Ground) -> None:
    """By membership; where he may not, nothing is changed and he is told."""
    keeper, owner = postgresql.account("CREATEDB CREATEROLE"), postgresql.account()
    ours, theirs = (postgresql.server.quoted(one.user) for one in (keeper, owner))
    postgresql.run(f"GRANT {theirs} TO {ours}", f"ALTER DATABASE {postgresql.live} OWNER TO {theirs}")
    adapter = postgresql.adapter(owner, keeper)
    place = adapter.create_place(op := postgresql.op(), name_for("new", op))
    for name, what in ((postgresql.live, "old"), (place.name, "new")):
        postgresql.run(f"CREATE TABLE t AS SELECT '{what}' AS what", database=name)
    adapter.hand_over(op, place, None)
    sides = Sides(postgresql, adapter, swap_for(adapter, place.name, postgresql.new_name()))
    with session_in(postgresql.url) as run:  # a superuser's, whom he may not send away
        run("SELECT 1")
        with pytest.raises(AppError):
            adapter.swap(op, sides.swap)
    assert sides.is_before()
    adapter.swap(op, sides.swap)
    assert sides.is_after()
    postgresql.run(f"REVOKE {theirs} FROM {ours}")
    back = Swap(sides.swap.live, sides.swap.kept, postgresql.new_name(), *reversed(
        [sides.swap.live_identity, sides.swap.new_identity]))  # fmt: skip
    with pytest.raises(PrivilegeMissing):
        adapter.swap(op, back)
    assert postgresql.run("SELECT what FROM t") == [("new",)]


def test_the_database_that_others_are_made_in_is_restored_too(postgresql: Ground) -> None:
    """One called "postgres" is swapped from another one."""
    where = replace(postgresql.parameters, database="postgres")
    adapter = postgresql.adapter(where, where)
    assert adapter.identity("postgres") and adapter.connected("no_such_database") == ()
    swap = Swap("postgres", "bk_none", "bk_neither", adapter.identity("postgres"), "x")
    assert adapter.swap_state(swap) is SwapState.UNKNOWN
