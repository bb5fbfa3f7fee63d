"""Where the files of a backup of SQLite may lie, and what is left of them (TRUST X5, 1.2)."""

from __future__ import annotations

import shutil
import sqlite3
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from core.clock import utc_now
from core.errors import (
    AddressNotAllowed,
    AlreadyExists,
    BackupError,
    InvalidInput,
    NotFound,
)
from core.progress import Operation
from database.adapters.backup import name_for
from database.manifest import Fact, FactKind, Manifest
from tests.database.backups.sqlite_ground import adapter_of, dumped, make_nasty, restored, source_of


@pytest.fixture
def live(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return make_nasty(tmp_path / "data" / "shop.db")


def test_a_place_lies_beside_the_live_file_or_in_the_scratch_folder(live: Path, tmp_path: Path) -> None:
    adapter, op = adapter_of(live), Operation()
    places = [adapter.create_place(op, name) for name in (name_for("new", op), "shop-copy", "other.db")]
    assert [Path(place.name).name for place in places] == [
        f"{name_for('new', op)}.db",
        "shop-copy.db",
        "other.db",
    ]
    assert {Path(place.name).parent for place in places} == {live.parent}
    assert all(stat.S_IMODE(Path(place.name).stat().st_mode) == 0o600 for place in places)
    with pytest.raises(AlreadyExists):
        adapter.create_place(op, "shop-copy")
    for name in ("/etc/cron.d/x", "../x.db", str(tmp_path / "x.db"), "a/b.db"):
        with pytest.raises(InvalidInput):
            adapter.create_place(op, name)


def test_leftovers_are_found_and_dropped_with_all_their_files(live: Path) -> None:
    adapter, op = adapter_of(live), Operation()
    _, data = dumped(adapter)
    for purpose in ("new", "scratch"):
        place = restored(adapter, source_of(data), op, purpose)
        adapter.inventory(op, place.name, contents=False)
    names = tuple(sorted(name_for(purpose, op) for purpose in ("new", "scratch")))
    assert adapter.leftovers() == names
    for name in (*names, *names):
        adapter.drop(op, name)
    assert adapter.leftovers() == () and sorted(path.name for path in live.parent.glob("bk_*")) == []


def test_a_registered_file_is_backed_up_where_it_may_lie_alone(live: Path, tmp_path: Path) -> None:
    inventory, _ = dumped(adapter_of(live, folder=live.parent))
    assert any(one.name == "twins" and one.rows == 3 for one in inventory.tables)
    with pytest.raises(AddressNotAllowed):
        dumped(adapter_of(live, folder=tmp_path / "elsewhere"))


def test_a_scratch_folder_without_room_is_told_before_the_copy(
    live: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRUST B5; the disk alone is played."""
    usage = shutil.disk_usage(live.parent)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    with pytest.raises(BackupError, match="has 1.0 kB free"):
        dumped(adapter_of(live))
    assert list((live.parent / "scratch").iterdir()) == []


def test_identities(live: Path) -> None:
    adapter = adapter_of(live)
    first = adapter.identity(str(live))
    other = live.with_name("other.db")
    shutil.copyfile(live, other)
    assert adapter.identity(str(other)) != first == adapter.identity(str(live))
    with pytest.raises(NotFound):
        adapter.identity("none.db")


def test_what_this_release_lacks_is_said_before_a_restore(live: Path) -> None:
    inventory, data = dumped(adapter_of(live))
    taken = Manifest(
        "0" * 26, "shop", "sqlite", "SQLite 9.1.2", (9, 1, 2), "", utc_now(), 1.0, "", True, inventory, ()
    )
    module = Fact(FactKind.VIEW, "map", "CREATE VIRTUAL TABLE map USING spellfix2(a)")
    strange = replace(taken, inventory=replace(inventory, facts=(*inventory.facts, module)))
    said = adapter_of(live).obstacles(replace(source_of(data), manifest=strange))
    assert [one.message for one in said] == [
        f"It was made by SQLite 9.1.2; here is SQLite {sqlite3.sqlite_version}.",
        "Table map needs the module spellfix2, which is not here.",
    ]
    assert not any(one.is_fatal for one in said)
    here = replace(taken, server_numbers=sqlite3.sqlite_version_info)
    assert adapter_of(live).obstacles(replace(source_of(data), manifest=here)) == ()
