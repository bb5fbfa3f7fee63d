"""MySQL and MariaDB databases in which something is broken already: views without their tables, foreign keys
without their parents, events on which the dump program hangs."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.errors import BackupIncompatible, ServerError
from core.progress import Operation
from database.adapters.backup import BackupAdapter, Swap, SwapState
from database.adapters.mysql.swap_journal import JOURNAL
from database.manifest import FactKind
from tests.database.backups.mysql_ground import (
    Ground,
    at_failpoints,
    is_equal,
    source_of,
    swap_for,
    take,
    without_grants,
)
from tests.database.backups.mysql_nasty import nasty

KEY = "CONSTRAINT k FOREIGN KEY (p) REFERENCES parent (id) ON DELETE CASCADE"
CHILD = f"CREATE TABLE child (p int, INDEX (p), {KEY})"
UNCHECKED = "SET foreign_key_checks = 0"


def beside(ground: Ground, adapter: BackupAdapter) -> Swap:
    """A restored copy of what is live, which is to take its place."""
    place, undone = ground.restored(adapter, source_of(*take(adapter)))
    assert not undone
    return swap_for(adapter, place.name, ground.new_name("kept"))


def undone(ground: Ground, adapter: BackupAdapter, swap: Swap) -> None:
    adapter.swap(Operation(), swap_for(adapter, swap.kept, ground.new_name("again")))


def fail_at(step: str) -> Callable[[str], None]:
    def fail(name: str) -> None:
        if name == f"swap.{step}":
            raise ServerError("Here it ends.")

    return fail


def break_views(ground: Ground) -> None:
    """Two are broken, one is whole."""
    account = ground.account()
    ground.run(
        "CREATE TABLE gone (id int)",
        "CREATE TABLE OPEN_ONES (id int)",
        "INSERT INTO OPEN_ONES VALUES (1)",
        "CREATE VIEW open_ones AS SELECT * FROM gone",
        "CREATE VIEW onwards AS SELECT * FROM open_ones",
        "CREATE VIEW healthy AS SELECT * FROM OPEN_ONES",
        "CREATE PROCEDURE p () SELECT 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        f"GRANT SELECT ON open_ones TO {account.user}",
        "DROP TABLE gone",
    )


def test_a_broken_view_is_left_out_by_name(ground: Ground) -> None:
    """The rest is safe, a table of its name in other letters too."""
    ground.run(*nasty(ground.server.dialect))
    break_views(ground)
    adapter = ground.adapter()
    data, manifest = take(adapter)
    broken = [one for one in manifest.warnings if "is broken" in one]
    assert [one.split()[2] for one in broken] == ["onwards", "open_ones"]
    assert all("references invalid table(s)" in one for one in broken)
    views = set(manifest.inventory.of(FactKind.VIEW))
    assert {"healthy", "a view on v", "v_func"} < views and not views & {"open_ones", "onwards"}
    adapter.check_readable(Operation(), source_of(data, manifest))
    place, undone = ground.restored(adapter, source_of(data, manifest))
    assert not undone and is_equal(adapter, place.name, manifest.inventory) == ()
    told = adapter.obstacles(source_of(data, manifest))
    assert [one.message.split()[2] for one in told if "is broken" in one.message] == ["onwards", "open_ones"]
    assert not any(one.is_fatal for one in told)


def test_nothing_may_be_left_but_a_broken_view(ground: Ground) -> None:
    ground.run("CREATE TABLE t (id int)", "CREATE VIEW v AS SELECT * FROM t", "DROP TABLE t")
    adapter = ground.adapter()
    data, manifest = take(adapter)
    assert any("The view v is broken" in one for one in manifest.warnings)
    place, _ = ground.restored(adapter, source_of(data, manifest))
    assert is_equal(adapter, place.name, manifest.inventory) == ()


@pytest.mark.parametrize("step", ["", "moved", "live_code"])
def test_a_broken_view_keeps_no_swap_from_its_end(ground: Ground, step: str) -> None:
    """One that was cut off is brought to its end, whatever release began it."""
    break_views(ground)
    adapter = ground.adapter()
    swap = beside(ground, adapter)
    wanted = adapter.inventory(Operation(), swap.new, contents=True)
    if step:
        with pytest.raises(ServerError, match="Here it ends"), at_failpoints(fail_at(step)):
            adapter.swap(Operation(), swap)
        assert adapter.swap_state(swap) is SwapState.HALF
        ground.run(f"UPDATE {JOURNAL} SET text = json_remove(text, '$.keys')", database=swap.kept)
    notes: list[str] = []
    adapter.swap(ground.op(notes), swap)
    assert adapter.swap_state(swap) is SwapState.AFTER
    assert [one.split(": ")[0] for one in notes] == [
        f"{swap.kept} has no view onwards",
        f"{swap.kept} has no view open_ones",
    ]
    assert all("CREATE ALGORITHM=UNDEFINED" in one for one in notes)
    live = adapter.inventory(Operation(), swap.live, contents=True)
    assert without_grants(live) == without_grants(wanted)
    kept = adapter.inventory(Operation(), swap.kept, contents=True)
    assert without_grants(kept).tables == wanted.tables
    assert set(kept.of(FactKind.VIEW)) == {"healthy"} and set(kept.of(FactKind.ROUTINE)) == {"procedure p"}


def test_who_defined_a_view_may_be_gone(ground: Ground) -> None:
    account = ground.account("ALL PRIVILEGES")
    ground.run(
        "CREATE TABLE t (id int)",
        f"CREATE DEFINER = {account.user}@`%` VIEW v AS SELECT id, '`{ground.live}`.`t`.`id`' AS said FROM t",
        f"DROP USER {account.user}",
    )
    adapter = ground.adapter()
    swap = beside(ground, adapter)
    before = adapter.inventory(Operation(), swap.live, contents=True)
    adapter.swap(Operation(), swap)
    for name in (swap.live, swap.kept):
        assert is_equal(adapter, name, without_grants(before)) == ()
    undone(ground, adapter, swap)
    assert is_equal(adapter, swap.live, before) == ()


def loose(ground: Ground) -> BackupAdapter:
    ground.run(UNCHECKED, CHILD, "INSERT INTO child VALUES (7)")
    return ground.adapter()


def key_in(ground: Ground, name: str) -> str:
    text = str(ground.run("SHOW CREATE TABLE child", database=name)[0][1])
    return text.partition("REFERENCES ")[2].partition("\n")[0]


def test_a_key_without_its_parent_stays_in_its_database(ground: Ground) -> None:
    adapter = loose(ground)
    swap = beside(ground, adapter)
    before = adapter.inventory(Operation(), swap.live, contents=True)
    adapter.swap(Operation(), swap)
    assert key_in(ground, swap.live) == key_in(ground, swap.kept) == "`parent` (`id`) ON DELETE CASCADE"
    assert is_equal(adapter, swap.live, before) == ()
    undone(ground, adapter, swap)
    assert is_equal(adapter, swap.live, before) == ()
    assert is_equal(adapter, beside(ground, adapter).new, before) == ()


@pytest.mark.parametrize("kind", ["int", "varchar(20)"])
def test_a_parent_that_comes_back_is_no_parent_of_what_is_put_aside(ground: Ground, kind: str) -> None:
    """What is put aside would lose rows with those of the live database, or keep the parent from coming."""
    ground.run(f"CREATE TABLE parent (id {kind} PRIMARY KEY)", "INSERT INTO parent VALUES (7)")
    adapter = ground.adapter()
    swap = beside(ground, adapter)
    ground.run("DROP TABLE parent")
    loose(ground)
    swap = swap_for(adapter, swap.new, swap.kept)
    adapter.swap(Operation(), swap)
    assert key_in(ground, swap.kept) == "`parent` (`id`) ON DELETE CASCADE"
    ground.run("DELETE FROM parent")
    assert ground.run("SELECT p FROM child", database=swap.kept) == [(7,)]
    undone(ground, adapter, swap)
    assert adapter.swap_state(swap) is not SwapState.HALF and key_in(ground, swap.live)


@pytest.mark.parametrize("step", ["planned", "locked", "trigger", "moved", "live_code", "kept_code"])
def test_a_key_without_its_parent_is_not_lost_on_the_way(ground: Ground, step: str) -> None:
    adapter = loose(ground)
    swap = beside(ground, adapter)
    before = adapter.inventory(Operation(), swap.live, contents=True)
    with at_failpoints(fail_at(step)):
        try:
            adapter.swap(Operation(), swap)
        except ServerError:
            live = adapter.inventory(Operation(), swap.live, contents=True)
            assert without_grants(live) == without_grants(before) or step == "moved"
    adapter.swap(Operation(), swap)
    for name in (swap.live, swap.kept):
        assert is_equal(adapter, name, without_grants(before)) == ()


def test_a_key_into_what_is_dropped_is_named(ground: Ground) -> None:
    """As an earlier release left it that was cut off."""
    adapter = loose(ground)
    swap = beside(ground, adapter)
    with pytest.raises(ServerError, match="Here it ends"), at_failpoints(fail_at("moved")):
        adapter.swap(Operation(), swap)
    key = KEY.replace("parent", f"`{swap.new}`.parent")
    ground.run(UNCHECKED, f"ALTER TABLE child ADD {key}")
    notes: list[str] = []
    adapter.swap(ground.op(notes), swap)
    (note,) = notes
    assert note.startswith(f"A foreign key of {swap.live}.child leads into {swap.new}")


def test_a_key_into_another_database_is_warned_of(ground: Ground) -> None:
    """As earlier releases left them after a swap: no restore takes it."""
    ground.run(UNCHECKED, CHILD.replace("parent", "bk_new_gone.parent"))
    _, manifest = take(ground.adapter())
    (warning,) = manifest.warnings
    assert warning.startswith("The foreign key k of child leads into bk_new_gone, another database: drop it")


def test_a_key_without_its_parent_is_a_fault(ground: Ground) -> None:
    adapter = loose(ground)
    (fault,) = adapter.health_faults(Operation(), ground.live)
    assert fault == "The foreign key k of child leads to parent, which is not there."


@pytest.mark.parametrize("what", ["COMMENT 'a;;b' DO SELECT 1", "DO SELECT ';;'"])
def test_an_event_on_which_the_program_hangs_is_refused_at_once(ground: Ground, what: str) -> None:
    ground.run("CREATE TABLE t (id int)")
    adapter = ground.adapter()
    data, manifest = take(adapter)
    ground.run(f"CREATE EVENT odd ON SCHEDULE EVERY 1 HOUR {what}")
    with pytest.raises(BackupIncompatible, match='event odd holds ";;"') as raised:
        take(adapter)
    assert "DROP EVENT" in raised.value.hint
    told = adapter.obstacles(source_of(data, manifest))
    assert any("The event odd" in one.message and not one.is_fatal for one in told)
