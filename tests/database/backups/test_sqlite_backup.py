"""Backups of SQLite: equal after a restore, whatever the database holds and whoever writes meanwhile (TRUST
section 3, V1 to V5; B8)."""

from __future__ import annotations

import os
import shutil
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from core.errors import (
    AppError,
    DatabaseMissing,
    InvalidInput,
    NotFound,
    OperationCancelled,
    ServerError,
    Unsupported,
)
from core.progress import Event, Noted, Operation
from database.adapters.backup import Selection, name_for
from database.adapters.sqlite import copying
from database.manifest import FactKind, Inventory, TableFacts, differences
from tests.database.backups.sqlite_ground import (
    SAMPLE_DATA,
    adapter_of,
    ask,
    dumped,
    make_nasty,
    restored,
    source_of,
    start,
)

CHINOOK = SAMPLE_DATA / "chinook" / "chinook.sqlite"
WEIRD = 'we ird "t" %s = kuća'


@pytest.fixture
def live(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return make_nasty(tmp_path / "data" / "shop.db")


def table(inventory: Inventory, name: str) -> TableFacts:
    return next(one for one in inventory.tables if one.name == name)


@pytest.mark.parametrize("journal", ["wal", "delete"])
@pytest.mark.parametrize("encoding", ["UTF-8", "UTF-16le"])
@pytest.mark.parametrize("page_size", [512, 65536])
def test_a_nasty_database_comes_out_equal(
    tmp_path: Path, journal: str, encoding: str, page_size: int
) -> None:
    live = make_nasty(tmp_path / "shop.db", journal=journal, page_size=page_size, encoding=encoding)
    adapter, op = adapter_of(live), Operation()
    before = adapter.inventory(op, str(live), contents=True)
    inventory, data = dumped(adapter)
    assert differences(before, inventory) == ()
    assert adapter.check_readable(op, source_of(data)).endswith(" pages")
    place = restored(adapter, source_of(data), op)
    assert differences(inventory, adapter.inventory(op, place.name, contents=True)) == ()
    assert adapter.health_faults(op, place.name) == ()
    assert inventory.of(FactKind.SETTING) == {
        "application_id": "77", "auto_vacuum": "0", "encoding": encoding, "journal_mode": journal,
        "page_size": str(page_size), "user_version": "7",
    }  # fmt: skip
    assert ask(Path(place.name), "SELECT body FROM words WHERE words MATCH 'bye'") == [("good bye",)]


@pytest.mark.skipif(not CHINOOK.is_file(), reason="SAMPLE_DATA names no folder with chinook/chinook.sqlite")
def test_chinook_comes_out_equal(tmp_path: Path) -> None:
    live = tmp_path / "chinook.db"
    shutil.copyfile(CHINOOK, live)
    adapter, op = adapter_of(live), Operation()
    inventory, data = dumped(adapter)
    assert table(inventory, "PlaylistTrack").rows == 8715 and table(inventory, "Track").rows == 3503
    place = restored(adapter, source_of(data), op)
    assert differences(inventory, adapter.inventory(op, place.name, contents=True)) == ()
    assert adapter.health_faults(op, place.name) == ()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (f"""UPDATE "{WEIRD.replace('"', '""')}" SET "va=lue" = '1' WHERE id = 1""", "other contents"),
        (f"""UPDATE "{WEIRD.replace('"', '""')}" SET "va=lue" = 1.0 WHERE id = 1""", "other contents"),
        (f"""UPDATE "{WEIRD.replace('"', '""')}" SET "va=lue" = x'31' WHERE id = 1""", "other contents"),
        (f"""UPDATE "{WEIRD.replace('"', '""')}" SET "va=lue" = 0 WHERE id = 5""", "other contents"),
        ("UPDATE twins SET a = 2, b = 1 WHERE a = 1", "other contents"),
        ("DELETE FROM twins WHERE rowid = 1", "has 2 rows, not 3"),
        ("INSERT INTO child VALUES (1, 'z')", "has 4 rows, not 3"),
        ("UPDATE words SET body = 'x' WHERE rowid = 1", "other contents"),
        ("UPDATE sqlite_sequence SET seq = 3", "The sequence"),
        ("DROP INDEX partly", "The index partly is missing"),
        ("DROP TRIGGER counts", "The trigger counts is missing"),
        ("DROP VIEW over", "The view over is missing"),
        ("CREATE TABLE more (a)", "Table more is not in the backup"),
        ("ALTER TABLE twins ADD COLUMN c DEFAULT 1", "The column"),
        ("PRAGMA user_version = 8", "The setting user_version is 8, not 7"),
    ],
)
def test_whatever_is_otherwise_is_told(live: Path, change: str, said: str) -> None:
    """An inventory that nothing could change would prove nothing."""
    adapter, op = adapter_of(live), Operation()
    before, _ = dumped(adapter)
    with closing(sqlite3.connect(live, isolation_level=None)) as connection:
        connection.execute(change)
    found = differences(before, adapter.inventory(op, str(live), contents=True))
    assert any(said in one for one in found), found


def test_rows_are_hashed_in_any_order_and_counted_when_alike(tmp_path: Path) -> None:
    rows = [(1, "a"), (1, "a"), (2, None), (3, b"x")]
    contents = []
    for number, order in enumerate((rows, rows[::-1], rows[1:])):
        path = tmp_path / f"{number}.db"
        with closing(sqlite3.connect(path)) as connection:
            connection.execute("CREATE TABLE t (a, b)")
            connection.executemany("INSERT INTO t VALUES (?, ?)", order)
            connection.commit()
        found = adapter_of(path).inventory(Operation(), str(path), contents=True)
        contents.append(table(found, "t").content)
    assert contents[0] == contents[1] != contents[2]


def test_without_contents_rows_are_counted_alone(live: Path) -> None:
    adapter = adapter_of(live)
    with adapter.snapshot(Operation(), Selection()) as snapshot:
        inventory = snapshot.inventory(Operation(), contents=False)
    assert inventory.hash == "" and table(inventory, "twins") == TableFacts("twins", 3)


def test_the_copy_is_ours_alone_and_gone_afterwards(live: Path) -> None:
    adapter, op = adapter_of(live), Operation()
    scratch = live.parent / "scratch"
    with adapter.snapshot(op, Selection()) as snapshot:
        (copy,) = scratch.iterdir()
        assert stat.S_IMODE(copy.stat().st_mode) == 0o600 and stat.S_IMODE(scratch.stat().st_mode) == 0o700
        assert adapter.leftovers() == (name_for("scratch", op),)
        snapshot.inventory(op, contents=True)
        assert list(scratch.iterdir()) == [copy]
    assert list(scratch.iterdir()) == []


WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
print("ready")
n = longest = 0
while True:
    began = time.monotonic()
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("INSERT INTO ledger VALUES (1, ?)", (n,))
    connection.execute("INSERT INTO ledger VALUES (-1, ?)", (n,))
    connection.execute("UPDATE bulk SET filler = ? WHERE id = ?", (str(n) * 20, n % 2000))
    connection.execute("COMMIT")
    longest = max(longest, time.monotonic() - began)
    n += 1
    print(n, longest)
    time.sleep(float(sys.argv[2]))
"""


def make_busy(path: Path, journal: str) -> Path:
    """A database big enough for its copy to take several steps."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.executescript(
            """
            CREATE TABLE ledger (amount INTEGER, n INTEGER);
            CREATE TABLE bulk (id INTEGER PRIMARY KEY, filler);
            INSERT INTO bulk WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 30000)
                SELECT n, hex(randomblob(600)) FROM c;
            """
        )
    return path


@pytest.mark.parametrize(("journal", "pause"), [("wal", 0.0), ("delete", 0.05), ("delete", 0.0)])
def test_a_backup_while_others_write_is_of_one_moment(
    tmp_path: Path, journal: str, pause: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whole transactions alone are in it, and nobody who writes is held up for long."""
    monkeypatch.setattr(copying, "LOCK_PATIENCE", 60)  # the machine may be busy with other tests
    live = make_busy(tmp_path / "busy.db", journal)
    adapter, heard = adapter_of(live), list[Event]()
    writer = start(WRITER, live, pause)
    assert writer.stdout
    try:
        writer.stdout.readline()
        for _ in range(3):
            inventory, data = dumped(adapter, op=Operation(heard.append))
            (tmp_path / "copy.db").write_bytes(data)
            rows = ask(tmp_path / "copy.db", "SELECT coalesce(sum(amount), 0), count(*) FROM ledger")
            assert rows == [(0, table(inventory, "ledger").rows)]
            assert ask(tmp_path / "copy.db", "PRAGMA integrity_check") == [("ok",)]
            (tmp_path / "copy.db").unlink()
    finally:
        writer.kill()
        said = writer.communicate()[0].splitlines()
    written, longest = said[-2].split() if len(said) > 1 else ("0", "0")
    notes = {event.message for event in heard if isinstance(event, Noted)}
    print(journal, pause, "wrote", written, "longest wait", longest, notes)
    assert int(written) > 3 and float(longest) < 30


def test_a_cancel_ends_the_copy_and_the_count(live: Path) -> None:
    cancelled = Operation(cancelled=lambda: True)
    adapter = adapter_of(live)
    with pytest.raises(OperationCancelled):
        dumped(adapter, op=cancelled)
    with pytest.raises(OperationCancelled):
        adapter.inventory(cancelled, str(live), contents=True)
    assert list((live.parent / "scratch").iterdir()) == []


def test_a_damaged_database_is_not_backed_up_as_if_it_were_whole(live: Path) -> None:
    with live.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(os.urandom(4096 * 4))
    with pytest.raises(ServerError, match="damaged"):
        dumped(adapter_of(live))
    assert list((live.parent / "scratch").iterdir()) == []


def test_what_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(DatabaseMissing):
        dumped(adapter_of(tmp_path / "none.db"))
    assert not list(tmp_path.glob("*.db"))


def test_an_empty_file_is_a_database_without_tables(tmp_path: Path) -> None:
    live = tmp_path / "shop.db"
    live.touch()
    adapter, op = adapter_of(live), Operation()
    inventory, data = dumped(adapter)
    assert inventory.tables == ()
    place = restored(adapter, source_of(data), op)
    assert differences(inventory, adapter.inventory(op, place.name, contents=True)) == ()


def test_some_tables_come_alone_with_what_belongs_to_them(live: Path) -> None:
    adapter, op = adapter_of(live), Operation()
    with adapter.snapshot(op, Selection(tables=("parent", "words"))) as snapshot:
        inventory = snapshot.inventory(op, contents=True)
        assert len(snapshot.warnings) == 0
        copy = next((live.parent / "scratch").iterdir()).read_bytes()
    names = {one.name for one in inventory.tables}
    assert "parent" in names and "words_data" in names and names.isdisjoint({"child", "twins", "boxes_node"})
    assert b"it's" not in copy and bytes(5000) not in copy  # no page of what was left out
    before = adapter.inventory(op, str(live), contents=True)
    assert table(before, "parent") == table(inventory, "parent")


def test_views_and_triggers_of_what_is_left_out_are_named(live: Path) -> None:
    op = Operation()
    with adapter_of(live).snapshot(op, Selection(tables=("parent", "child"))) as snapshot:
        inventory = snapshot.inventory(op, contents=False)
        assert snapshot.warnings == ("The trigger counts is left out: it names what is left out.",)
    assert {"both", "over"} <= {fact.name for fact in inventory.facts}
    assert "counts" not in {fact.name for fact in inventory.facts}


@pytest.mark.parametrize(
    ("selection", "error", "said"),
    [
        (Selection(tables=("none",)), NotFound, "no table none"),
        (Selection(tables=("child",)), InvalidInput, "child refers to parent"),
        (Selection(schemas=("main",)), Unsupported, "no schemas"),
    ],
)
def test_what_cannot_be_chosen(live: Path, selection: Selection, error: type[AppError], said: str) -> None:
    with pytest.raises(error, match=said):
        dumped(adapter_of(live), selection)
    assert list((live.parent / "scratch").iterdir()) == []


def test_an_empty_name_is_a_name(tmp_path: Path) -> None:
    live = tmp_path / "shop.db"
    with closing(sqlite3.connect(live)) as connection:
        connection.executescript(
            """CREATE TABLE "" ("" text PRIMARY KEY, b); INSERT INTO "" VALUES ('x', 2);
            CREATE TABLE child ("" REFERENCES "" ON DELETE CASCADE); INSERT INTO child VALUES ('x');"""
        )
    adapter, op = adapter_of(live), Operation()
    inventory, data = dumped(adapter)
    place = restored(adapter, source_of(data), op)
    assert differences(inventory, adapter.inventory(op, place.name, contents=True)) == ()
    assert [(one.name, one.rows) for one in inventory.tables] == [("", 1), ("child", 1)]
    assert [one.name for one in dumped(adapter, Selection(tables=("",)))[0].tables] == [""]
