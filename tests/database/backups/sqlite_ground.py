"""SQLite databases to back up: a nasty one, and what every test does with one."""

from __future__ import annotations

import io
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from core.connection import ConnectionParameters, Dialect
from core.progress import Operation
from database.adapters.backup import Means, Place, Selection, Source, Swap, name_for
from database.adapters.sqlite.backup import SQLiteBackup
from database.manifest import Inventory

ROOT = Path(__file__).parents[3]
SAMPLE_DATA = Path(os.environ.get("SAMPLE_DATA") or ROOT.parent / "shared" / "data")

NASTY = """
CREATE TABLE "we ird ""t"" %s = kuća" (
    "id" INTEGER PRIMARY KEY AUTOINCREMENT, "va=lue",
    "stored" TEXT GENERATED ALWAYS AS ("va=lue" || 'x') STORED, "virtual" AS (id * 2) VIRTUAL
);
INSERT INTO "we ird ""t"" %s = kuća" ("va=lue") VALUES
    (1), ('1'), (1.0), (x'31'), (NULL), ('ü' || char(0) || char(8238) || 'z'), (9223372036854775807), (1e999),
    (CAST(x'ff80' AS TEXT)), (zeroblob(100000)), ('');
DELETE FROM "we ird ""t"" %s = kuća" WHERE id = 11;
CREATE TABLE "-- dash" (k TEXT COLLATE NOCASE PRIMARY KEY, n INTEGER CHECK (n >= 0)) WITHOUT ROWID;
INSERT INTO "-- dash" VALUES ('a', 1), ('b', 2);
CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
CREATE TABLE child (parent_id REFERENCES parent ON DELETE CASCADE, note DEFAULT 'it''s');
INSERT INTO parent VALUES (1, 'one'), (2, 'two');
INSERT INTO child VALUES (1, 'x'), (2, 'y'), (2, 'y');
CREATE TABLE twins (a, b);
INSERT INTO twins VALUES (1, 2), (1, 2), (2, 1);
CREATE TABLE empty (a);
CREATE VIRTUAL TABLE words USING fts5(body);
INSERT INTO words VALUES ('hello world'), ('good bye');
CREATE VIRTUAL TABLE boxes USING rtree(id, low, high);
INSERT INTO boxes VALUES (1, 2, 3);
CREATE VIEW both AS SELECT p.name, c.note FROM parent p JOIN child c ON c.parent_id = p.id;
CREATE VIEW over AS SELECT name FROM both;
CREATE TRIGGER counts AFTER INSERT ON child BEGIN UPDATE "-- dash" SET n = n + 1; END;
CREATE INDEX partly ON child (note) WHERE note <> 'x';
CREATE UNIQUE INDEX lowered ON parent (lower(name));
PRAGMA user_version = 7;
PRAGMA application_id = 77;
"""


def make_nasty(path: Path, *, journal: str = "wal", page_size: int = 4096, encoding: str = "UTF-8") -> Path:
    """A database of all that SQLite knows, and of names that mean something elsewhere."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"PRAGMA encoding = '{encoding}'")
        connection.execute(f"PRAGMA page_size = {page_size}")
        connection.execute(f"PRAGMA journal_mode = {journal}")
        connection.executescript(NASTY)
    return path


def adapter_of(path: Path, *, folder: Path | None = None) -> SQLiteBackup:
    """Who backs `path` up; `folder` is where registered files may lie, for one that is registered."""
    allowed = None if folder is None else (str(folder),)
    where = ConnectionParameters(Dialect.SQLITE, str(path), allowed=allowed)
    return SQLiteBackup(where, where, Means(connect_timeout=30, scratch=str(path.parent / "scratch")))


def dumped(
    adapter: SQLiteBackup, selection: Selection | None = None, op: Operation | None = None
) -> tuple[Inventory, bytes]:
    """What the snapshot says it holds, and the dump."""
    op, out = op or Operation(), io.BytesIO()
    with adapter.snapshot(op, selection or Selection()) as snapshot:
        snapshot.dump(op, out)
        return snapshot.inventory(op, contents=True), out.getvalue()


def source_of(data: bytes, *, is_trusted: bool = True) -> Source:
    @contextmanager
    def opening() -> Iterator[IO[bytes]]:
        yield io.BytesIO(data)

    return Source(opening, is_trusted=is_trusted)


def restored(adapter: SQLiteBackup, source: Source, op: Operation, purpose: str = "new") -> Place:
    """A place of the operation that holds it."""
    place = adapter.create_place(op, name_for(purpose, op))
    adapter.load(op, source, place)
    return place


def swap_for(adapter: SQLiteBackup, new: str, kept: Path) -> Swap:
    live = adapter.database.database
    return Swap(live, new, str(kept), adapter.identity(live), adapter.identity(new))


def ask(path: Path, sql: str) -> list[tuple[object, ...]]:
    """The rows of a query, by a connection of its own."""
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        return connection.execute(sql).fetchall()


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process, which runs `code` with these arguments and says things in lines."""
    return subprocess.Popen(
        [sys.executable, "-u", "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
