"""What an SQLite database holds: its rows, typed and hashed, and all that its own tables say of the
schema."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import partial
from typing import Any

from core.progress import Operation
from database.adapters.base import Connection, translated
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.places import driver
from database.manifest import Fact, FactKind, Inventory, TableFacts

HASH = "sqlite-rows-1"  # blake2b, 128 bits, of each row's values as Python writes them, added up

_BATCH = 1000
_MODULUS = 2**128
# A virtual table has no page of its own: its rows are those of the tables behind it, which are listed too.
_TABLES = r"""
    SELECT name, sql, rootpage = 0 FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY name
"""
_COLUMNS = 'SELECT name, type, "notnull", dflt_value, pk, hidden FROM pragma_table_xinfo(?) ORDER BY cid'
_OBJECTS = (
    "SELECT type, name, sql FROM sqlite_master WHERE type IN ('index', 'view', 'trigger') AND sql NOTNULL"
)
_SEQUENCES = "SELECT name, seq FROM sqlite_sequence"
_HAS_SEQUENCES = "SELECT 1 FROM sqlite_master WHERE name = 'sqlite_sequence'"
_SETTINGS = ("application_id", "auto_vacuum", "encoding", "page_size", "user_version")
_GENERATED = {2: "GENERATED VIRTUAL", 3: "GENERATED STORED"}
_VIRTUAL = 2


def read_inventory(
    op: Operation, adapter: SQLiteAdapter, connection: Connection, *, contents: bool, journal: str = ""
) -> Inventory:
    """All of it at one moment; `op.advance` for each table. `journal` is the mode of the file where the
    connection cannot tell. Raises ServerError, OperationCancelled."""
    sqlite = driver(connection)
    # Text is bytes that should be UTF-8; what is not must neither stop us nor look like something else.
    sqlite.text_factory = partial(str, encoding="utf-8", errors="surrogateescape")
    with translated(adapter), op.ending(sqlite.interrupt):
        sqlite.execute("BEGIN")
        try:
            journal = journal or str(sqlite.execute("PRAGMA journal_mode").fetchone()[0])
            facts = (*_facts(adapter, sqlite), Fact(FactKind.SETTING, "journal_mode", journal))
            tables = tuple(_tables(op, adapter, sqlite, contents))
        finally:
            sqlite.execute("ROLLBACK")
    return Inventory(tables, facts, HASH if contents else "")


def _tables(op: Operation, adapter: SQLiteAdapter, sqlite: Any, contents: bool) -> Iterator[TableFacts]:
    for name, _, is_virtual in sqlite.execute(_TABLES).fetchall():
        if is_virtual:
            continue
        table = adapter.quote(name)
        if contents:
            yield TableFacts(name, *_rows_and_content(op, adapter, sqlite, name))
        else:
            yield TableFacts(name, sqlite.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        op.advance()


def _rows_and_content(op: Operation, adapter: SQLiteAdapter, sqlite: Any, name: str) -> tuple[int, str]:
    """A sum does not depend on the order of the rows, and counts each of two that are alike."""
    kept = [column[0] for column in sqlite.execute(_COLUMNS, (name,)) if column[5] != _VIRTUAL]
    columns = ", ".join(map(adapter.quote, kept))
    cursor = sqlite.execute(f"SELECT {columns} FROM {adapter.quote(name)}")
    rows = total = 0
    digest, number = hashlib.blake2b, int.from_bytes
    while batch := cursor.fetchmany(_BATCH):
        op.check()
        rows += len(batch)
        # 1, '1', 1.0, x'31' and NULL are written 1, '1', 1.0, b'1' and None.
        total += sum(number(digest(repr(row).encode(), digest_size=16).digest(), "big") for row in batch)
    return rows, f"{total % _MODULUS:032x}"


def _facts(adapter: SQLiteAdapter, sqlite: Any) -> Iterator[Fact]:
    for name, sql, is_virtual in sqlite.execute(_TABLES).fetchall():
        yield Fact(FactKind.VIEW if is_virtual else FactKind.CONSTRAINT, name, sql or "")
        if not is_virtual:
            for column, *told in sqlite.execute(_COLUMNS, (name,)):
                yield _column(f"{adapter.quote(name)}.{adapter.quote(column)}", *told)
    yield from (Fact(FactKind(kind), name, sql) for kind, name, sql in sqlite.execute(_OBJECTS))
    if sqlite.execute(_HAS_SEQUENCES).fetchone():
        yield from (Fact(FactKind.SEQUENCE, str(name), str(seq)) for name, seq in sqlite.execute(_SEQUENCES))
    for name in _SETTINGS:
        yield Fact(FactKind.SETTING, name, str(sqlite.execute(f"PRAGMA {name}").fetchone()[0]))


def _column(name: str, type: str, not_null: int, default: str | None, key: int, hidden: int) -> Fact:
    words = (
        type,
        "NOT NULL" if not_null else "",
        f"DEFAULT {default}" if default is not None else "",
        f"PRIMARY KEY {key}" if key else "",
        _GENERATED.get(hidden, ""),
    )
    return Fact(FactKind.COLUMN, name, " ".join(filter(None, words)))
