"""A live SQLite database and a restored copy that is to take its place."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from core.progress import Operation
from database.adapters.backup import Swap
from database.adapters.sqlite.backup import SQLiteBackup
from database.manifest import Inventory, differences
from tests.database.backups.sqlite_ground import adapter_of, dumped, make_nasty, restored, source_of, swap_for


@dataclass
class Ground:
    """A live database that has changed since its backup, and the restored copy beside it."""

    adapter: SQLiteBackup
    op: Operation
    swap: Swap
    live: Inventory
    new: Inventory

    @property
    def folder(self) -> Path:
        return Path(self.swap.live).parent

    def holds(self, name: str) -> Inventory:
        return self.adapter.inventory(self.op, name, contents=True)

    def is_swapped(self) -> bool:
        """True when what was new is live and what was live is kept."""
        return same(self.new, self.holds(self.swap.live)) and same(self.live, self.holds(self.swap.kept))

    def files(self) -> list[str]:
        """What lies beside the live file, but for what SQLite keeps of open ones."""
        names = (path.name for path in self.folder.iterdir() if path.is_file())
        return sorted(name for name in names if not name.endswith(("-wal", "-shm")))


def make_ground(tmp_path: Path, journal: str = "wal", page_size: int = 4096, new_pages: int = 4096) -> Ground:
    folder = tmp_path / "data"
    folder.mkdir(parents=True)
    older = make_nasty(tmp_path / "older.db", page_size=new_pages)
    _, data = dumped(adapter_of(older))
    live = make_nasty(folder / "shop.db", journal=journal, page_size=page_size)
    change(live, "INSERT INTO twins VALUES (9, 9)", "CREATE TABLE newer (a)", "DELETE FROM empty")
    adapter, op = adapter_of(live), Operation()
    new = restored(adapter, source_of(data), op)
    swap = swap_for(adapter, new.name, folder / "shop_20261119_020000.db")
    return Ground(adapter, op, swap, adapter.inventory(op, str(live), contents=True),
                  adapter.inventory(op, new.name, contents=True))  # fmt: skip


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as connection:
        for statement in statements:
            connection.execute(statement)


def rows_of(inventory: Inventory) -> Inventory:
    """Without what says how the file is written, which stays that of the live one."""
    kept = [fact for fact in inventory.facts if fact.name not in ("journal_mode", "page_size")]
    return replace(inventory, facts=tuple(kept))


def same(one: Inventory, other: Inventory) -> bool:
    return differences(rows_of(one), rows_of(other)) == ()
