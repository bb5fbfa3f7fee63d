"""What only SQLite does: files made, found missing, found to be something else, locked and removed."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from core.connection import ConnectionParameters, Dialect
from core.errors import (
    AlreadyExists,
    ConnectionFailed,
    DatabaseMissing,
    LockTimeout,
    NotFound,
    PrivilegeMissing,
    ServerError,
    TargetBusy,
)
from database.adapters import adapter_for, closing_connection
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.catalogue import constraint_names


def at(path: Path | str) -> ConnectionParameters:
    return ConnectionParameters(Dialect.SQLITE, str(path))


def make(path: Path) -> SQLiteAdapter:
    adapter = SQLiteAdapter(at(path))
    with closing_connection(adapter.maintenance, 1) as (_, memory):
        adapter.create_database(memory, str(path))
    return adapter


def test_connecting_never_makes_a_file(tmp_path: Path) -> None:
    """TRUST section 1.2."""
    for path in (tmp_path / "none.db", tmp_path / "no" / "folder" / "none.db"):
        with pytest.raises(DatabaseMissing) as raised:
            adapter_for(at(path)).connect(1)
        assert "manage_db.py init" in raised.value.hint
    assert list(tmp_path.iterdir()) == []


def test_a_new_file_is_its_owners_only_and_writes_ahead(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "new.db"
    make(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    with closing_connection(at(path), 1) as (adapter, connection):
        assert adapter.rows(connection, "PRAGMA journal_mode") == [("wal",)]
        assert adapter.rows(connection, "PRAGMA foreign_keys") == [(1,)]


def test_a_file_that_is_there_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "there.db"
    path.write_bytes(b"mine")
    with pytest.raises(AlreadyExists):
        make(path)
    assert path.read_bytes() == b"mine"


@pytest.mark.parametrize("content", [b"not a database at all\n" * 50, b"SQLite format 3\0" + b"x" * 2000])
def test_a_file_that_is_not_sqlite(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.db"
    path.write_bytes(content)
    with pytest.raises(ConnectionFailed) as raised:
        adapter_for(at(path)).connect(1)
    assert "not an SQLite database" in raised.value.message and raised.value.hint
    assert path.read_bytes() == content


def test_what_is_no_file(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(ConnectionFailed, match="not a file"):
            adapter_for(at(path)).connect(1)


def test_only_a_database_is_dropped_and_all_of_it(tmp_path: Path) -> None:
    other = tmp_path / "other.txt"
    other.write_text("a letter to keep")
    adapter = make(tmp_path / "x.db")
    with closing_connection(at(tmp_path / "x.db"), 1) as (_, connection):
        adapter.rows(connection, "CREATE TABLE t (id integer)")
        with adapter.native_lock(connection, "schema", 0):
            pass
        assert len(list(tmp_path.iterdir())) == 5  # with -wal, -shm and the lock
    with closing_connection(adapter.maintenance, 1) as (_, memory):
        with pytest.raises(ServerError, match="not an SQLite database"):
            adapter.drop_database(memory, str(other))
        adapter.drop_database(memory, str(tmp_path / "x.db"))
        with pytest.raises(NotFound):
            adapter.drop_database(memory, str(tmp_path / "x.db"))
    assert list(tmp_path.iterdir()) == [other]


def test_in_memory() -> None:
    with closing_connection(at(":memory:"), 1) as (adapter, connection):
        adapter.rows(connection, "CREATE TABLE t (id integer)")
        assert adapter.list_databases(connection) == ()
        assert adapter.data_folder(connection) is None
        assert adapter.database_size(connection) > 0
        assert {probe.status for probe in adapter.probes(connection)} == {"healthy"}
        with adapter.native_lock(connection, "schema", 0):
            assert [one.name for one in adapter.table_sizes(connection)] == ["t"]


def test_a_writer_elsewhere_is_waited_for_in_milliseconds(tmp_path: Path) -> None:
    adapter = make(tmp_path / "busy.db")
    with closing_connection(at(tmp_path / "busy.db"), 1) as (_, first):
        adapter.rows(first, "CREATE TABLE t (id integer)")
        adapter.rows(first, "BEGIN IMMEDIATE")
        with closing_connection(at(tmp_path / "busy.db"), 1) as (_, second):
            adapter.lock_patience(second, 0.2)
            began = time.monotonic()
            with pytest.raises(LockTimeout, match="Another process"):
                adapter.rows(second, "INSERT INTO t VALUES (1)")
            assert 0.1 < time.monotonic() - began < 4
            adapter.lock_patience(second, 0)
            with pytest.raises(LockTimeout):
                adapter.rows(second, "INSERT INTO t VALUES (1)")


def test_the_lock_of_another_process_is_named_and_ends_with_it(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    adapter = make(path)
    script = (
        "import sys, time; from database.adapters import *; from core.connection import *\n"
        "with closing_connection(ConnectionParameters(Dialect.SQLITE, sys.argv[1]), 1) as (a, c):\n"
        "    with a.native_lock(c, 'schema', 0): print('held', flush=True); time.sleep(60)"
    )
    root = Path(__file__).parents[3]
    with subprocess.Popen([sys.executable, "-c", script, path], cwd=root, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline() == b"held\n"
        with closing_connection(at(path), 1) as (_, connection):
            with pytest.raises(TargetBusy, match=f"process {holder.pid}"):  # noqa: SIM117
                with adapter.native_lock(connection, "schema", 0.1):
                    pytest.fail("both hold it")
            holder.kill()
            with adapter.native_lock(connection, "schema", 2):
                pass


def test_a_file_has_one_lock_by_whichever_path_one_comes(tmp_path: Path) -> None:
    adapter, link = make(tmp_path / "x.db"), tmp_path / "y" / "z.db"
    link.parent.mkdir()
    link.symlink_to(tmp_path / "x.db")
    with (
        closing_connection(at(tmp_path / "x.db"), 1) as (_, connection),
        closing_connection(at(link), 1) as (by_link, other),
        adapter.native_lock(connection, "schema", 0),
    ):
        with pytest.raises(TargetBusy), by_link.native_lock(other, "schema", 0):
            pytest.fail("both hold it")
        by_link.drop_database(other, str(link))
    assert list(tmp_path.rglob("*")) == [link.parent]


def test_a_lock_file_that_is_a_link_is_not_followed(tmp_path: Path) -> None:
    adapter = make(tmp_path / "x.db")
    (tmp_path / "victim").write_text("keep")
    (tmp_path / "x.db.schema.lock").symlink_to(tmp_path / "victim")
    with (
        closing_connection(at(tmp_path / "x.db"), 1) as (_, connection),
        pytest.raises(ServerError, match="lock file"),
        adapter.native_lock(connection, "schema", 0),
    ):
        pytest.fail("it was followed")
    assert (tmp_path / "victim").read_text() == "keep"


def test_a_full_disk_and_a_read_only_file(tmp_path: Path) -> None:
    adapter = make(tmp_path / "x.db")
    with closing_connection(at(tmp_path / "x.db"), 1) as (_, connection):
        adapter.rows(connection, "CREATE TABLE t (text)")
        adapter.rows(connection, "PRAGMA max_page_count = 2")
        with pytest.raises(ServerError, match="disk .* is full") as raised:
            adapter.rows(connection, "INSERT INTO t VALUES (zeroblob(100000))")
        assert raised.value.hint
        adapter.rows(connection, "PRAGMA query_only = ON")
        with pytest.raises(PrivilegeMissing, match="read-only"):
            adapter.rows(connection, "DROP TABLE t")


def test_the_way_out_of_a_missing_file_is_its_owners(tmp_path: Path) -> None:
    """`init` makes the console's own file, and no registered one."""
    own = at(tmp_path / "x.db")
    registered = replace(own, allowed=(str(tmp_path),))
    for parameters, way_out in ((own, "manage_db.py init"), (registered, "Correct its path")):
        with pytest.raises(DatabaseMissing) as caught:
            SQLiteAdapter(parameters).connect(1)
        assert way_out in caught.value.hint


def test_a_damaged_file_is_unhealthy(tmp_path: Path) -> None:
    path = tmp_path / "x.db"
    adapter = make(path)
    with closing_connection(at(path), 1) as (_, connection):
        adapter.rows(connection, "CREATE TABLE t (id integer PRIMARY KEY, text)")
        rows = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 2000)"
        adapter.rows(connection, f"INSERT INTO t {rows} SELECT x, 'some text to fill a page' FROM n")
    content = bytearray(path.read_bytes())
    content[4096 * 3 : 4096 * 5] = os.urandom(8192)
    path.write_bytes(content)
    with closing_connection(at(path), 1) as (_, connection):
        integrity = adapter.probes(connection)[1]
    assert integrity.status == "unhealthy" and "backup" in integrity.hint


@pytest.mark.parametrize(
    ("ids", "least", "most"),
    [
        ("x", 50_000, 50_000),
        ("CASE WHEN x < 20000 THEN x ELSE x + 400000 END", 45_000, 55_000),  # a gap, as a cancel leaves it
        ("x * 7", 45_000, 55_000),
        ("x * 180000000000000 - 4500000000000000000", 1000, 1000),  # far apart: the least that is known
    ],
)
def test_rows_of_a_large_table_are_estimated_by_samples(
    tmp_path: Path, ids: str, least: int, most: int
) -> None:
    adapter = make(tmp_path / "x.db")
    with closing_connection(at(tmp_path / "x.db"), 1) as (_, connection):
        adapter.rows(connection, 'CREATE TABLE "t ""{" (id integer PRIMARY KEY)')
        numbers = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 50000)"
        adapter.rows(connection, f'INSERT INTO "t ""{{" {numbers} SELECT {ids} FROM n')
        (table,) = adapter.table_sizes(connection, exact_below=1000)
    assert not table.exact and least <= table.rows <= most


def test_a_large_file_is_not_said_to_be_sound(tmp_path: Path) -> None:
    """Its pages are not looked at by a health check, which has to be quick."""
    adapter = make(tmp_path / "x.db")
    with closing_connection(at(tmp_path / "x.db"), 1) as (_, connection):
        assert [probe.name for probe in adapter.probes(connection)] == ["journal", "integrity"]
        adapter.rows(connection, "CREATE TABLE t AS SELECT zeroblob(60000000) AS filler")
        assert [probe.name for probe in adapter.probes(connection)] == ["journal"]


def test_rows_of_a_large_table_without_row_ids(tmp_path: Path) -> None:
    adapter = make(tmp_path / "x.db")
    with closing_connection(at(tmp_path / "x.db"), 1) as (_, connection):
        adapter.rows(connection, "CREATE TABLE t (id integer PRIMARY KEY) WITHOUT ROWID")
        adapter.rows(connection, "INSERT INTO t VALUES (1), (2), (3)")
        (table,) = adapter.table_sizes(connection, exact_below=2)
        assert (table.rows, table.exact) == (2, False)


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("CREATE TABLE t (a int CONSTRAINT c1 CHECK (a > 0), CONSTRAINT u1 UNIQUE (a))", ("c1", "u1")),
        ("CREATE TABLE t (a int, CONSTRAINT pk PRIMARY KEY (a), CONSTRAINT n1 CHECK (1))", ("n1",)),
        ("CREATE TABLE t (a int CONSTRAINT nn NOT NULL CONSTRAINT f1 REFERENCES o (id))", ("f1",)),
        ('CREATE TABLE t (a, constraint "a ""b""" check (1), CONSTRAINT [c d] UNIQUE (a))', ('a "b"', "c d")),
        ("CREATE TABLE t (a, constraint `e``f` foreign key (a) references o)", ("e`f",)),
        ("CREATE TABLE t (a DEFAULT 'CONSTRAINT x CHECK (1)', -- CONSTRAINT y CHECK (1)\n b)", ()),
        ("CREATE TABLE t (a /* CONSTRAINT y CHECK (1) */, CONSTRAINT/**/z--\nCHECK(a<>'it''s'))", ("z",)),
        ('CREATE TABLE "CONSTRAINT" ("constraint" int, "check" int)', ()),
    ],
)
def test_constraint_names_are_read_from_the_statement(sql: str, names: tuple[str, ...]) -> None:
    sqlite3.connect(":memory:").execute(sql)  # it is what SQLite itself takes
    assert constraint_names(sql) == names
