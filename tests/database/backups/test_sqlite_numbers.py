"""Rows of SQLite that no key numbers keep their numbers: full-text indexes, and whoever wrote them down, find
them by those (TRUST section 3, V2)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import ServerError
from core.progress import Operation
from database.adapters.backup import Selection, Swap, SwapState, name_for
from database.adapters.base import Connection
from database.adapters.sqlite import rewriting
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.backup import SQLiteBackup
from database.adapters.sqlite.places import ANEW
from database.manifest import Inventory, differences
from tests.database.backups.sqlite_ground import adapter_of, ask, dumped, restored, source_of, swap_for
from tests.database.backups.swap_ground import change, rows_of

NUMBERED = """
CREATE TABLE doc (body text, rowid_ int);
CREATE VIRTUAL TABLE find USING fts5 (body, content='doc', content_rowid='rowid');
INSERT INTO doc (rowid, body) VALUES (-7, 'lemon'), (10, 'apple'), (20, 'banana'), (30, 'cherry');
INSERT INTO find (rowid, body) SELECT rowid, body FROM doc;
CREATE TABLE named (_rowid_ text, RowId text);
INSERT INTO named (oid, _rowid_) VALUES (5, 'a'), (9, 'b');
CREATE TABLE keyed (k integer PRIMARY KEY DESC, b AS (k + 1));
INSERT INTO keyed (rowid, k) VALUES (77, 1);
CREATE TABLE owned (id integer PRIMARY KEY, _rowid_, rowid, oid);
CREATE TABLE hidden (_rowid_, rowid, oid);
INSERT INTO hidden VALUES (1, 2, 3);
CREATE TABLE without (k text PRIMARY KEY, n) WITHOUT ROWID;
INSERT INTO without VALUES ('a', 1);
CREATE TABLE secret (word text);
INSERT INTO secret VALUES ('what nobody may read');
"""
CHERRY = "SELECT rowid, body FROM find WHERE find MATCH 'cherry'"


def make_numbered(path: Path, page_size: int = 4096, more: str = "") -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA page_size = {page_size}")
        connection.execute("PRAGMA journal_mode = WAL")
        connection.executescript(NUMBERED + more)
    return path


def held(path: Path) -> Inventory:
    return adapter_of(path).inventory(Operation(), str(path), contents=True)


def check_index(path: Path) -> None:
    """Full text finds the rows it knows, and knows the rows there are."""
    assert ask(path, CHERRY) == [(30, "cherry")]
    change(path, "INSERT INTO find (find, rank) VALUES ('integrity-check', 1)")


@contextmanager
def about_to_fit(folder: Path) -> Iterator[tuple[SQLiteBackup, Operation, Swap, Inventory]]:
    """A restored copy whose pages have not the size of the live ones; registered, as less is trusted then."""
    older, live = make_numbered(folder / "older.db"), make_numbered(folder / "shop.db", 8192)
    change(live, "DELETE FROM named")
    adapter, op = adapter_of(live, folder=folder), Operation()
    new = restored(adapter, source_of(dumped(adapter_of(older))[1]), op)
    yield adapter, op, swap_for(adapter, new.name, folder / "kept.db"), held(older)


def test_they_are_kept_in_pages_of_another_size(tmp_path: Path) -> None:
    with about_to_fit(tmp_path) as (adapter, op, swap, before):
        adapter.swap(op, swap)
        live = Path(swap.live)
        assert differences(rows_of(before), rows_of(held(live))) == ()
        assert ask(live, "PRAGMA page_size") == [(8192,)]
        assert [row for (row,) in ask(live, "SELECT rowid FROM doc")] == [-7, 10, 20, 30]
        check_index(live)
        assert not list(tmp_path.glob(f"*{ANEW}"))


def test_an_undo_keeps_them_and_the_file(tmp_path: Path) -> None:
    """Which file is kept is known by its number."""
    with about_to_fit(tmp_path) as (adapter, op, swap, _):
        adapter.swap(op, swap)
        kept = Path(swap.kept)
        before, identity = held(kept), adapter.identity(swap.kept)
        change(Path(swap.live), "PRAGMA journal_mode = DELETE", "PRAGMA page_size = 1024", "VACUUM")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("database.adapters.sqlite.swapping.keep_and_replace", _stop)
            with pytest.raises(ServerError, match="stopped"):
                adapter.swap(op, swap_for(adapter, str(kept), tmp_path / "aside.db"))
        assert adapter.identity(str(kept)) == identity
        adapter.swap(op, swap_for(adapter, str(kept), tmp_path / "aside.db"))
        assert differences(rows_of(before), rows_of(held(Path(swap.live)))) == ()
        check_index(Path(swap.live))


def _stop(*_: object) -> None:
    raise ServerError("stopped")


@pytest.mark.parametrize(
    ("spoiling", "said"),
    [
        ("UPDATE doc SET rowid = rowid + 1 WHERE rowid = 10", "Rows have other numbers"),
        ("DELETE FROM hidden; DELETE FROM doc WHERE rowid = 30", "Rows have other numbers"),
        (
            "CREATE TABLE child (k REFERENCES owned); INSERT INTO child (rowid, k) VALUES (3, 3)",
            "other numbers",
        ),
        (
            "CREATE TABLE child (id INTEGER PRIMARY KEY REFERENCES owned); INSERT INTO child VALUES (3)",
            "1 row",
        ),
    ],
)
def test_what_sqlite_wrote_otherwise_replaces_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spoiling: str, said: str
) -> None:
    into = rewriting._vacuum_into

    def spoil(adapter: SQLiteAdapter, connection: Connection, path: Path) -> None:
        into(adapter, connection, path)
        with closing(sqlite3.connect(path)) as written:
            written.executescript(spoiling)

    monkeypatch.setattr(rewriting, "_vacuum_into", spoil)
    with about_to_fit(tmp_path) as (adapter, op, swap, before):
        live = held(Path(swap.live))
        with pytest.raises(ServerError, match=said):
            adapter.swap(op, swap)
        assert adapter.swap_state(swap) is SwapState.BEFORE
        assert differences(live, held(Path(swap.live))) == ()
        assert differences(rows_of(before), rows_of(held(Path(swap.new)))) == ()
        assert not list(tmp_path.glob(f"*{ANEW}"))


def test_what_a_killed_attempt_wrote_is_not_in_the_way_and_goes(tmp_path: Path) -> None:
    with about_to_fit(tmp_path) as (adapter, op, swap, before):
        anew = Path(f"{swap.new}{ANEW}")
        anew.write_bytes(b"half a page")
        adapter.swap(op, swap)
        assert not anew.exists() and differences(rows_of(before), rows_of(held(Path(swap.live)))) == ()
        anew.write_bytes(b"half a page")
        assert adapter.leftovers() == (name_for("new", op),)
        adapter.drop(op, name_for("new", op))
        assert not anew.exists()


def test_they_are_kept_where_some_tables_come_alone(tmp_path: Path) -> None:
    live = make_numbered(tmp_path / "shop.db")
    inventory, data = dumped(adapter_of(live), Selection(tables=("doc", "find", "named", "keyed")))
    copy = tmp_path / "copy.db"
    copy.write_bytes(data)
    there = {one.name: one for one in held(live).tables}
    assert all(there[one.name] == one for one in inventory.tables)
    assert ask(copy, "SELECT rowid FROM keyed UNION SELECT oid FROM named") == [(5,), (9,), (77,)]
    assert b"nobody may read" not in data
    check_index(copy)


@pytest.mark.parametrize(
    "renumbering",
    [
        "UPDATE doc SET rowid = 31 WHERE rowid = 30",
        "UPDATE doc SET body = CASE rowid WHEN 10 THEN 'banana' ELSE 'apple' END WHERE rowid IN (10, 20)",
        "UPDATE named SET oid = 6 WHERE oid = 5",
        "UPDATE keyed SET rowid = 78",
    ],
)
def test_other_numbers_are_told(tmp_path: Path, renumbering: str) -> None:
    live = make_numbered(tmp_path / "shop.db")
    before = held(live)
    change(live, renumbering)
    (said,) = differences(before, held(live))
    assert said.startswith("The rows of table ") and said.endswith(" have other numbers.")
    assert differences(_of_before_numbers(before), held(live)) == ()


def _of_before_numbers(inventory: Inventory) -> Inventory:
    """As manifests were written that know nothing of numbers."""
    return replace(inventory, tables=tuple(replace(one, numbers="") for one in inventory.tables))


def test_rows_without_numbers_of_their_own_are_hashed_by_their_columns(tmp_path: Path) -> None:
    wide = ", ".join(f"c{number}" for number in range(2000))
    live = make_numbered(tmp_path / "shop.db", more=f"CREATE TABLE wide ({wide});")
    tables = held(live).tables
    assert {one.name for one in tables if one.numbers} == {"doc", "named", "keyed", "secret"}
    assert all(one.content for one in tables)
