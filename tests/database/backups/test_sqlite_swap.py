"""The swap on SQLite: whole or not at all, under whoever has the file open, and back again (TRUST D4, B10;
docs/decisions/sqlite-swap.md)."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core import failpoints
from core.errors import Conflict, LockTimeout
from core.naming import new_id
from core.progress import Event, Noted, Operation
from database.adapters.backup import SwapState, name_for
from database.adapters.sqlite import copying
from database.adapters.sqlite.backup import SQLiteBackup
from database.manifest import differences
from tests.database.backups.sqlite_ground import (
    adapter_of,
    ask,
    dumped,
    make_nasty,
    restored,
    source_of,
    start,
    swap_for,
)
from tests.database.backups.swap_ground import change, make_ground, same

journals = pytest.mark.parametrize("journal", ["wal", "delete"])


@journals
def test_the_new_one_is_live_and_the_old_one_kept(tmp_path: Path, journal: str) -> None:
    ground = make_ground(tmp_path, journal)
    inode = Path(ground.swap.live).stat().st_ino
    assert ground.adapter.swap_state(ground.swap) is SwapState.BEFORE
    ground.adapter.swap(ground.op, ground.swap)
    assert ground.adapter.swap_state(ground.swap) is SwapState.AFTER
    assert differences(ground.new, ground.holds(ground.swap.live)) == () or journal == "delete"
    assert ground.is_swapped()
    assert ground.files() == ["shop.db", "shop_20261119_020000.db"]
    assert Path(ground.swap.live).stat().st_ino == inode
    assert ask(Path(ground.swap.live), "PRAGMA journal_mode") == [(journal,)]
    assert ask(Path(ground.swap.live), "SELECT body FROM words WHERE words MATCH 'bye'") == [("good bye",)]
    assert (Path(ground.swap.kept).stat().st_mode & 0o777) == 0o600


@journals
def test_a_second_swap_back_undoes_it(tmp_path: Path, journal: str) -> None:
    ground = make_ground(tmp_path, journal)
    adapter = ground.adapter
    adapter.swap(ground.op, ground.swap)
    aside = ground.folder / "shop_20261120_020000.db"
    back = swap_for(adapter, ground.swap.kept, aside)
    adapter.swap(ground.op, back)
    assert adapter.swap_state(back) is SwapState.AFTER
    assert same(ground.live, ground.holds(ground.swap.live)) and same(ground.new, ground.holds(str(aside)))
    assert ground.files() == ["shop.db", aside.name]


@journals
@pytest.mark.parametrize(("page_size", "new_pages"), [(4096, 1024), (1024, 65536)])
def test_pages_of_another_size_are_made_to_fit(
    tmp_path: Path, journal: str, page_size: int, new_pages: int
) -> None:
    ground = make_ground(tmp_path, journal, page_size, new_pages)
    ground.adapter.swap(ground.op, ground.swap)
    assert ground.is_swapped()
    assert ask(Path(ground.swap.live), "PRAGMA page_size") == [(page_size,)]


def test_a_file_that_has_the_name_of_what_is_to_be_kept_is_left_alone(tmp_path: Path) -> None:
    ground = make_ground(tmp_path)
    Path(ground.swap.kept).write_bytes(b"mine")
    assert ground.adapter.swap_state(ground.swap) is SwapState.UNKNOWN
    with pytest.raises(Conflict, match="There is a file shop_20261119_020000.db already"):
        ground.adapter.swap(ground.op, ground.swap)
    assert Path(ground.swap.kept).read_bytes() == b"mine"
    assert same(ground.live, ground.holds(ground.swap.live))


@journals
def test_a_reader_goes_on_and_then_sees_the_new(tmp_path: Path, journal: str) -> None:
    ground = make_ground(tmp_path, journal)
    with closing(sqlite3.connect(ground.swap.live, isolation_level=None, timeout=30)) as reader:
        assert reader.execute("SELECT count(*) FROM twins").fetchone() == (4,)
        if journal == "wal":
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM twins").fetchone()
        ground.adapter.swap(ground.op, ground.swap)
        if journal == "wal":
            assert reader.execute("SELECT count(*) FROM twins").fetchone() == (4,)
            reader.execute("COMMIT")
        assert reader.execute("SELECT count(*) FROM twins").fetchone() == (3,)
        reader.execute("INSERT INTO twins VALUES (5, 5)")
    assert ask(Path(ground.swap.live), "SELECT count(*) FROM twins") == [(4,)]


@journals
def test_whoever_does_not_let_go_is_waited_for_and_then_told(tmp_path: Path, journal: str) -> None:
    ground = make_ground(tmp_path, journal)
    adapter = SQLiteBackup(
        ground.adapter.database, ground.adapter.keeper, replace(ground.adapter.means, connect_timeout=0.5)
    )
    with closing(sqlite3.connect(ground.swap.live, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        other.execute("INSERT INTO twins VALUES (6, 6)")
        with pytest.raises(LockTimeout):
            adapter.swap(ground.op, ground.swap)
        other.execute("ROLLBACK")
    assert adapter.swap_state(ground.swap) is SwapState.BEFORE
    assert same(ground.live, ground.holds(ground.swap.live))
    assert ground.files() == [f"{name_for('new', ground.op)}.db", "shop.db"]


# Busy as an application is: it leaves the file alone for as long as it had it, for whoever else wants it.
WRITER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=120, isolation_level=None)
n = int(sys.argv[2])
print("ready")
while True:
    n += 1
    began = time.monotonic()
    connection.execute("INSERT INTO log VALUES (?)", (n,))
    print(n)  # it was promised
    time.sleep(time.monotonic() - began)
"""
READER = """
import sqlite3, sys, time
connection = sqlite3.connect(sys.argv[1], timeout=120, isolation_level=None)
print("ready")
while True:
    began = time.monotonic()
    old, new = connection.execute("SELECT (SELECT count(*) FROM side WHERE a = 'old'), "
                                  "(SELECT count(*) FROM side WHERE a = 'new')").fetchone()
    assert (old, new) in ((5000, 0), (0, 5000)), (old, new)
    print(old, new)
    time.sleep(time.monotonic() - began)
"""


@contextmanager
def running(code: str, *arguments: object) -> Iterator[list[str]]:
    """Another process from when it says it is ready; its lines once it was killed."""
    process, said = start(code, *arguments), list[str]()
    assert process.stdout and process.stdout.readline() == "ready\n"
    try:
        yield said
    finally:
        assert process.poll() is None, "it ended by itself"
        process.kill()
        # The last line may be cut, and its promise with it.
        said += process.communicate()[0].split("\n")[:-1]


def make_side(path: Path, word: str, journal: str) -> Path:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.execute("CREATE TABLE log (n INTEGER)")
        connection.execute("CREATE TABLE side (a, filler DEFAULT (zeroblob(500)))")
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO side (a) VALUES (?)", [(word,)] * 5000)
        connection.execute("COMMIT")
    return path


@journals
def test_no_write_that_was_promised_is_lost(
    tmp_path: Path, journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writers and readers of other processes through two swaps: what was written is in what is live or in
    what was kept, and nobody ever sees a part of each."""
    monkeypatch.setattr(copying, "LOCK_PATIENCE", 60)  # the machine may be busy with other tests
    folder = tmp_path / "data"
    folder.mkdir()
    live = make_side(folder / "shop.db", "old", journal)
    _, data = dumped(adapter_of(make_side(tmp_path / "other.db", "new", "wal")))
    adapter, op = adapter_of(live), Operation(id=new_id())
    with running(WRITER, live, 0) as one, running(WRITER, live, 10**9) as two, running(READER, live) as seen:
        new = restored(adapter, source_of(data), op)
        adapter.swap(op, swap_for(adapter, new.name, folder / "first.db"))
        adapter.swap(op, swap_for(adapter, str(folder / "first.db"), folder / "second.db"))
    promised = {int(line) for line in one + two}
    # The first swap kept the log of until then, which the second made live again.
    there = {n for path in (live, folder / "second.db") for (n,) in ask(path, "SELECT n FROM log")}
    assert promised and not promised - there, len(promised - there)
    assert set(seen) <= {"5000 0", "0 5000"} and seen
    print(journal, len(promised), "writes,", len(seen), "looks")
    for path in (live, folder / "second.db"):
        assert ask(path, "PRAGMA integrity_check") == [("ok",)]


@journals
def test_whoever_writes_at_the_one_bad_moment_is_kept(
    tmp_path: Path, journal: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the copy and the new pages: the copy is made again, or the lock was never let go."""
    ground = make_ground(tmp_path, journal)
    refused, heard = list[str](), list[Event]()

    def write(name: str) -> None:
        if name == "swap.released" and not heard:
            with closing(sqlite3.connect(ground.swap.live, isolation_level=None, timeout=0)) as other:
                try:
                    other.execute("INSERT INTO twins VALUES (8, 8)")
                except sqlite3.OperationalError as error:
                    refused.append(str(error))

    monkeypatch.setattr(failpoints, "_listeners", [write])
    ground.adapter.swap(Operation(heard.append, id=ground.op.id), ground.swap)
    kept = ask(Path(ground.swap.kept), "SELECT count(*) FROM twins WHERE a = 8")
    said = [event.message for event in heard if isinstance(event, Noted)]
    if journal == "wal":
        assert kept == [(1,)] and said == ["Another process wrote in between: the copy is made again."]
    else:
        assert kept == [(0,)] and refused == ["database is locked"] and said == []


def test_a_registered_file_is_swapped_by_the_same_rules(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    live = make_nasty(folder / "shop.db")
    adapter, op = adapter_of(live, folder=folder), Operation()
    inventory, data = dumped(adapter)
    change(live, "DELETE FROM twins")
    new = restored(adapter, source_of(data, is_trusted=False), op)
    adapter.swap(op, swap_for(adapter, new.name, folder / "kept.db"))
    assert differences(inventory, adapter.inventory(op, str(live), contents=True)) == ()


def test_another_file_in_the_place_of_the_live_one_is_left_alone(tmp_path: Path) -> None:
    """TRUST 1.2: what the name denoted when it was confirmed."""
    ground = make_ground(tmp_path)
    live = Path(ground.swap.live)
    live.rename(live.with_name("moved.db"))
    make_nasty(live)
    with pytest.raises(Conflict, match="Another file"):
        ground.adapter.swap(ground.op, ground.swap)
    assert same(ground.new, ground.holds(ground.swap.live))  # the other file, which is as nasty


def test_a_table_named_like_a_mark_is_left_alone(tmp_path: Path) -> None:
    """Somebody's own, through a restore and its undo."""
    names = ["bk_swap_meet", f"bk_swap_{'0' * 16}", f"bk_swap_{'a' * 16}", f"BK_swap_{'a' * 15}"]
    ground = make_ground(tmp_path)
    for path in (ground.swap.live, ground.swap.new):
        columns = ("swap, who", "swap, who", "swop", "swap")
        change(
            Path(path), *(f'CREATE TABLE "{one}" ({two})' for one, two in zip(names, columns, strict=True))
        )
    aside = ground.folder / "aside.db"
    ground.adapter.swap(ground.op, ground.swap)
    assert _named_like_marks(ground.swap.live) == _named_like_marks(ground.swap.kept) == set(names)
    ground.adapter.swap(ground.op, swap_for(ground.adapter, ground.swap.kept, aside))
    assert _named_like_marks(ground.swap.live) == _named_like_marks(str(aside)) == set(names)


def test_a_mark_that_came_with_a_backup_does_not_stay(tmp_path: Path) -> None:
    """A backup taken of a file that was half swapped."""
    ground = make_ground(tmp_path)
    change(Path(ground.swap.new), f'CREATE TABLE "bk_swap_{"0a" * 8}" (swap)')
    ground.adapter.swap(ground.op, ground.swap)
    assert _named_like_marks(ground.swap.live) == set()


def _named_like_marks(path: str) -> set[object]:
    return {name for (name,) in ask(Path(path), "SELECT name FROM sqlite_master WHERE name LIKE 'bk_swap%'")}
