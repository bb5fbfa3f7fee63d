"""Dumps of SQLite read through and put back: what is damaged or hostile is told and harms nothing (TRUST B2,
B8, 1.2)."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

import pytest

from core.errors import (
    AppError,
    BackupDamaged,
    BackupIncompatible,
)
from core.progress import Operation
from database.adapters.backup import Place, Source, name_for
from tests.database.backups.sqlite_ground import adapter_of, ask, dumped, make_nasty, restored, source_of


@pytest.fixture
def live(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    return make_nasty(tmp_path / "data" / "shop.db")


def test_fifty_truncations_are_each_caught(live: Path) -> None:
    """TRUST B2: by decoding alone, without a server."""
    _, data = dumped(adapter_of(live))
    for part in range(50):
        with pytest.raises(BackupDamaged):
            adapter_of(live).check_readable(Operation(), source_of(data[: len(data) * part // 50]))


@pytest.mark.parametrize(
    ("data", "error"),
    [(b"", BackupDamaged), (b"PGDMP" + bytes(200), BackupDamaged), (b"x" * 5000, BackupDamaged)],
)
def test_what_is_no_database_is_refused(live: Path, data: bytes, error: type[AppError]) -> None:
    adapter, op = adapter_of(live), Operation()
    with pytest.raises(error, match="no SQLite database"):
        adapter.check_readable(op, source_of(data))
    place = adapter.create_place(op, name_for("new", op))
    with pytest.raises(error, match="no SQLite database"):
        adapter.load(op, source_of(data), place)


def test_a_format_of_the_future_does_not_fit(live: Path) -> None:
    _, data = dumped(adapter_of(live))
    with pytest.raises(BackupIncompatible):
        adapter_of(live).check_readable(Operation(), source_of(data[:18] + b"\3\3" + data[20:]))


def test_a_file_that_is_damaged_inside_is_refused_when_loaded(live: Path) -> None:
    """TRUST V3: whole by its length, and not by its pages."""
    _, data = dumped(adapter_of(live))
    bad = data[: 4096 * 4] + os.urandom(4096 * 4) + data[4096 * 8 :]
    adapter, op = adapter_of(live), Operation()
    place = adapter.create_place(op, name_for("new", op))
    with pytest.raises(BackupDamaged, match="damaged"):
        adapter.load(op, source_of(bad), place)


def test_a_source_that_breaks_half_way_breaks_the_load(live: Path) -> None:
    _, data = dumped(adapter_of(live))

    class Broken:
        left = 2

        def read(self, size: int) -> bytes:
            self.left -= 1
            if self.left < 0:
                raise BackupDamaged("What is stored ends too early.")
            return data[:size]

    @contextmanager
    def opening() -> Iterator[IO[bytes]]:
        yield Broken()  # type: ignore[misc]

    adapter, op = adapter_of(live), Operation()
    place = adapter.create_place(op, name_for("new", op))
    with pytest.raises(BackupDamaged, match="too early"):
        adapter.load(op, Source(opening), place)


def test_nothing_in_a_hostile_file_runs(tmp_path: Path) -> None:
    """TRUST B8, 1.2: a view, a trigger and an index that would write elsewhere or read what they may not."""
    (tmp_path / "data").mkdir()
    live = make_nasty(tmp_path / "data" / "shop.db")
    evil = tmp_path / "evil.db"
    with closing(sqlite3.connect(evil, isolation_level=None)) as connection:
        connection.executescript(
            """
            CREATE TABLE t (a); INSERT INTO t VALUES (1);
            CREATE VIEW sqlite_view AS SELECT load_extension('/tmp/x.so');
            """.replace("sqlite_view", "v")
        )
        connection.executescript("CREATE TRIGGER r AFTER INSERT ON t BEGIN SELECT load_extension('x'); END;")
    adapter, op = adapter_of(live, folder=live.parent), Operation()
    place = restored(adapter, source_of(evil.read_bytes(), is_trusted=False), op)
    assert adapter.inventory(op, place.name, contents=True).rows == 1
    assert adapter.health_faults(op, place.name) == ()
    assert adapter.run_assertion(place, "SELECT count(*) = 1 FROM t")
    for sql in ("SELECT * FROM v", "ATTACH 'x.db' AS x", "INSERT INTO t VALUES (2)", "PRAGMA user_version"):
        with pytest.raises(AppError):
            adapter.run_assertion(place, sql)
    assert not (live.parent / "x.db").exists()


@pytest.mark.parametrize(
    ("sql", "expected"),
    [("SELECT count(*) FROM parent", True), ("SELECT 0", False), ("SELECT NULL", False),
     ("SELECT 1 WHERE 0", False), ("SELECT 'x'", True)],
)  # fmt: skip
def test_assertions(live: Path, sql: str, expected: bool) -> None:
    assert adapter_of(live).run_assertion(itself(live), sql) is expected


@pytest.mark.parametrize("sql", ["SELECT 1; SELECT 1", "DELETE FROM parent", "DROP TABLE parent", ""])
def test_an_assertion_only_asks(live: Path, sql: str) -> None:
    with pytest.raises(AppError):
        adapter_of(live).run_assertion(itself(live), sql)
    assert ask(live, "SELECT count(*) FROM parent") == [(2,)]


def itself(live: Path) -> Place:
    return Place(str(live), adapter_of(live).database)


def test_faults_are_told(live: Path) -> None:
    """TRUST V5: indexes that do not fit their tables, and keys that lead nowhere."""
    adapter, op = adapter_of(live), Operation()
    with closing(sqlite3.connect(live, isolation_level=None)) as connection:
        connection.execute("INSERT INTO child VALUES (99, 'lost')")
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, \"<> 'x'\", \"<> 'y'\") WHERE name = 'partly'"
        )
    faults = adapter.health_faults(op, str(live))
    assert "In child 1 row refer to what is not in parent." in faults
    assert any("partly" in fault for fault in faults)
