"""A swap of MySQL or MariaDB databases killed at every step, and taken up again (TRUST note b, section 4.1):
live is whole before or after the one statement, and what comes after it is brought to its end."""

from __future__ import annotations

import signal

import pytest

from core.errors import ServerError
from core.progress import Operation
from database.adapters.backup import SwapState
from database.adapters.mysql import table_moving
from tests.database.backups.mysql_ground import Ground, start, without_grants
from tests.database.backups.mysql_sides import Sides, make_sides

BEFORE = ("kept",)
PREPARED = ("planned", "locked")
TORN = (
    "trigger",
)  # under the lock; MariaDB does it in one block, which the death of whoever asked does not end
MOVED = ("moved", "live_code", "kept_code", "new_dropped")
SWAPPER = """
import os, signal, sys
from core.connection import parse_url
from core.failpoints import listen
from core.progress import Operation
from database.adapters.backup import Means, Swap
from database.adapters.backup_adapters import backup_adapter_for
to, tools = parse_url(sys.stdin.readline().strip()), sys.stdin.readline().strip()
live, new, kept, live_identity, new_identity, step = sys.argv[1:]
listen(lambda name: name == f"swap.{step}" and os.kill(os.getpid(), signal.SIGKILL))
swap = Swap(live, new, kept, live_identity, new_identity)
backup_adapter_for(to, to, Means(tools_path=tools)).swap(Operation(), swap)
"""


def kill_at(ground: Ground, sides: Sides, step: str) -> None:
    swap = sides.swap
    process = start(SWAPPER, swap.live, swap.new, swap.kept, swap.live_identity, swap.new_identity, step)
    process.communicate(f"{ground.url}\n{ground.server.tools}\n")
    assert process.returncode == -signal.SIGKILL


@pytest.mark.parametrize("step", [*BEFORE, *PREPARED, *TORN, *MOVED, "done"])
def test_whoever_is_killed_leaves_what_the_next_one_ends(ground: Ground, step: str) -> None:
    if step in TORN and ground.server.dialect == "mariadb":
        pytest.skip("MariaDB drops triggers and moves tables in one block")
    sides = make_sides(ground)
    kill_at(ground, sides, step)
    adapter, swap = sides.adapter, sides.swap
    state = adapter.swap_state(swap)
    if step in BEFORE:
        assert state is SwapState.BEFORE
        assert sides.is_before()
    elif step == "done":
        assert state is SwapState.AFTER
    else:
        assert state is SwapState.HALF
        live = without_grants(adapter.inventory(Operation(), swap.live, contents=True))
        if step in PREPARED:
            assert live == without_grants(sides.before)
        elif step in ("live_code", "kept_code", "new_dropped"):
            assert live == without_grants(sides.after)
        else:
            assert live.tables in (sides.before.tables, sides.after.tables)
    adapter.swap(Operation(), swap)
    assert sides.is_after()
    assert adapter.leftovers() == () or not {swap.new} & set(adapter.leftovers())


def test_a_failure_before_the_tables_move_changes_nothing(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Triggers are there again, nothing of the swap is left."""
    sides = make_sides(ground)
    monkeypatch.setattr(table_moving, "_rename", lambda *_: "RENAME TABLE no_such.a TO no_such.b")
    with pytest.raises(ServerError, match="no_such|not locked"):
        sides.adapter.swap(Operation(), sides.swap)
    assert sides.is_before() and sides.swap.kept not in ground.names()
    monkeypatch.undo()
    sides.adapter.swap(Operation(), sides.swap)
    assert sides.is_after()


def test_what_happened_between_two_tries_is_not_left_behind(ground: Ground) -> None:
    """A table that somebody made after the first try goes where the others go."""
    sides = make_sides(ground)
    kill_at(ground, sides, "locked")
    ground.run("CREATE TABLE `between` (id int)", "INSERT INTO `between` VALUES (1)")
    sides.adapter.swap(Operation(), sides.swap)
    assert ground.run("SELECT id FROM `between`", database=sides.swap.kept) == [(1,)]
    assert without_grants(sides.adapter.inventory(Operation(), ground.live, contents=True)) == without_grants(
        sides.after
    )
