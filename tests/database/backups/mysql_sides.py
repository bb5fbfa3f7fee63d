"""A live MySQL or MariaDB database and a restored copy that is to take its place."""

from __future__ import annotations

from dataclasses import dataclass

from core.progress import Operation
from database.adapters.backup import BackupAdapter, Swap, SwapState
from database.manifest import Inventory
from tests.database.backups.mysql_ground import Ground, is_equal, source_of, swap_for, take, without_grants
from tests.database.backups.mysql_nasty import nasty


@dataclass
class Sides:
    """A live database that has changed since its backup, and the restored copy beside it."""

    adapter: BackupAdapter
    swap: Swap
    before: Inventory
    after: Inventory

    def is_before(self) -> bool:
        swap, adapter = self.swap, self.adapter
        return (
            adapter.swap_state(swap) is SwapState.BEFORE
            and not is_equal(adapter, swap.live, self.before)
            and not is_equal(adapter, swap.new, self.after)
        )

    def is_after(self) -> bool:
        swap, adapter = self.swap, self.adapter
        live = adapter.inventory(Operation(), swap.live, contents=True)
        return (
            adapter.swap_state(swap) is SwapState.AFTER
            and without_grants(live) == without_grants(self.after)
            and not is_equal(adapter, swap.kept, without_grants(self.before))
        )


def make_sides(ground: Ground) -> Sides:
    """Of the nasty database, in which things came, went and changed after the backup."""
    ground.run(*nasty(ground.server.dialect))
    adapter = ground.adapter()
    data, manifest = take(adapter)
    place, undone = ground.restored(adapter, source_of(data, manifest))
    assert not undone
    ground.run(
        "DROP TRIGGER t_two",
        "CREATE TRIGGER t_new AFTER INSERT ON twins FOR EACH ROW INSERT INTO log_lines (what) VALUES ('new')",
        "CREATE OR REPLACE VIEW v_last AS SELECT id FROM parent",
        "CREATE TABLE later (id int)",
        "CREATE VIEW v_later AS SELECT * FROM later",
        "DROP PROCEDURE `a proc`",
        "CREATE FUNCTION later_f () RETURNS int DETERMINISTIC RETURN 7",
        "CREATE EVENT later_e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
        "INSERT INTO twins VALUES (5, 'y')",
        "UPDATE parent SET name = 'lost' WHERE id = 5000",
        "DROP TABLE empty_one",
    )
    swap = swap_for(adapter, place.name, ground.new_name("kept"))
    before = adapter.inventory(Operation(), swap.live, contents=True)
    return Sides(adapter, swap, before, adapter.inventory(Operation(), swap.new, contents=True))
