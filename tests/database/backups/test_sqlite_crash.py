"""A swap on SQLite killed at every step, and taken up again (TRUST section 4.1)."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from core.errors import Conflict
from database.adapters.backup import Swap, SwapState, name_for
from tests.database.backups.sqlite_ground import (
    ask,
    start,
    swap_for,
)
from tests.database.backups.swap_ground import change, make_ground, same

STEPS = ("fitted", "copied", "released", "begun", "nearly", "replaced", "kept", "removed", "done")
BEFORE = ("fitted", "copied", "released", "begun", "nearly")
journals = pytest.mark.parametrize("journal", ["wal", "delete"])

SWAPPER = """
import os, signal, sys
from pathlib import Path
from core.failpoints import listen
from core.progress import Operation
from database.adapters.backup import Swap
from tests.database.backups.sqlite_ground import adapter_of
live, new, kept, live_identity, new_identity, step = sys.argv[1:]
listen(lambda name: name == f"swap.{step}" and os.kill(os.getpid(), signal.SIGKILL))
adapter_of(Path(live)).swap(Operation(), Swap(live, new, kept, live_identity, new_identity))
"""


def kill_at(swap: Swap, step: str) -> None:
    given = (swap.live, swap.new, swap.kept, swap.live_identity, swap.new_identity)
    process = start(SWAPPER, *given, step)
    process.communicate()
    assert process.returncode == -signal.SIGKILL


@journals
@pytest.mark.parametrize("step", STEPS)
def test_whoever_is_killed_leaves_the_old_or_the_new(tmp_path: Path, journal: str, step: str) -> None:
    """TRUST section 4.1: before the one atomic action nothing has happened, after it it goes forward."""
    ground = make_ground(tmp_path, journal)
    kill_at(ground.swap, step)
    adapter, swap = ground.adapter, ground.swap
    state = adapter.swap_state(swap)
    # Whoever writes meanwhile, before the swap is taken up again, loses nothing and confuses nobody.
    change(Path(swap.live), "INSERT INTO twins VALUES (7, 7)")
    assert adapter.swap_state(swap) is state
    if step in BEFORE:
        assert state is SwapState.BEFORE
        change(Path(swap.live), "DELETE FROM twins WHERE a = 7")
        assert same(ground.live, ground.holds(swap.live))
    else:
        assert state is (SwapState.AFTER if step == "done" else SwapState.HALF)
        assert ask(Path(swap.live), "SELECT count(*) FROM twins") == [(4,)]
    adapter.swap(ground.op, swap)
    assert adapter.swap_state(swap) is SwapState.AFTER
    if step not in BEFORE:
        change(Path(swap.live), "DELETE FROM twins WHERE a = 7")
    assert ground.is_swapped()
    assert ground.files() == ["shop.db", "shop_20261119_020000.db"]


@pytest.mark.parametrize("step", STEPS)
def test_an_undo_may_be_killed_too(tmp_path: Path, step: str) -> None:
    ground = make_ground(tmp_path)
    adapter = ground.adapter
    adapter.swap(ground.op, ground.swap)
    back = swap_for(adapter, ground.swap.kept, ground.folder / "aside.db")
    kill_at(back, step)
    adapter.swap(ground.op, back)
    assert same(ground.live, ground.holds(back.live)) and same(ground.new, ground.holds(back.kept))
    assert ground.files() == ["aside.db", "shop.db"]


@pytest.mark.parametrize("step", BEFORE)
def test_what_had_not_begun_can_be_given_up(tmp_path: Path, step: str) -> None:
    ground = make_ground(tmp_path)
    kill_at(ground.swap, step)
    ground.adapter.drop(ground.op, name_for("new", ground.op))
    assert ground.adapter.swap_state(ground.swap) is SwapState.UNKNOWN  # there is nothing left to swap
    assert same(ground.live, ground.holds(ground.swap.live)) and ground.files() == ["shop.db"]
    with pytest.raises(Conflict, match="not there any more"):
        ground.adapter.swap(ground.op, ground.swap)


def test_what_was_replaced_is_not_dropped_before_it_is_kept(tmp_path: Path) -> None:
    """A chore that clears up after operations that run no more comes first, and harms nothing."""
    ground = make_ground(tmp_path)
    kill_at(ground.swap, "replaced")
    assert ground.adapter.leftovers() == (name_for("new", ground.op),)
    with pytest.raises(Conflict, match="not over yet"):
        ground.adapter.drop(ground.op, name_for("new", ground.op))
    ground.adapter.swap(ground.op, ground.swap)
    assert same(ground.live, ground.holds(ground.swap.kept))


LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_FSIZE, (int({limit}), int({limit})))
"""


@pytest.mark.parametrize("limit", [50_000, 200_000])
def test_without_room_nothing_is_swapped(tmp_path: Path, limit: int) -> None:
    """TRUST F7: what a full disk does to the copy, or to the new pages, leaves the live ones as they were."""
    ground = make_ground(tmp_path)
    given = (ground.swap.live, ground.swap.new, ground.swap.kept, "", "", "nowhere")
    process = start(LIMITED.format(limit=limit) + SWAPPER, *given)
    process.communicate()
    assert process.returncode == 1
    assert ground.adapter.swap_state(ground.swap) is SwapState.BEFORE
    assert same(ground.live, ground.holds(ground.swap.live))
    ground.adapter.swap(ground.op, ground.swap)
    assert ground.is_swapped()
