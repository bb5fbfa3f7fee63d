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
# Without one a primary key is the number of the row itself; that of a table WITHOUT ROWID has no entry here.
_KEY_INDEX = "SELECT 1 FROM pragma_index_list(?) JOIN sqlite_master USING (name) WHERE origin = 'pk'"
_NUMBER_WORDS = ("_rowid_", "rowid", "oid")
_MOST_COLUMNS = 2000  # of a question; a table may have as many
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


def numbers_of(adapter: SQLiteAdapter, sqlite: Any) -> Iterator[tuple[str, int]]:
    """The number of every row that no column holds, with its table, in order."""
    for name, _, is_virtual in sqlite.execute(_TABLES).fetchall():
        if not is_virtual and (word := _number_word(sqlite, name)):
            rows = sqlite.execute(f"SELECT {word} FROM {adapter.quote(name)} ORDER BY {word}")
            yield from ((name, number) for (number,) in rows)


def _tables(op: Operation, adapter: SQLiteAdapter, sqlite: Any, contents: bool) -> Iterator[TableFacts]:
    for name, _, is_virtual in sqlite.execute(_TABLES).fetchall():
        if is_virtual:
            continue
        table = adapter.quote(name)
        if contents:
            yield TableFacts(name, *_rows_and_hashes(op, adapter, sqlite, name))
        else:
            yield TableFacts(name, sqlite.execute(f"SELECT count(*) FROM {table}").fetchone()[0])
        op.advance()


def _rows_and_hashes(op: Operation, adapter: SQLiteAdapter, sqlite: Any, name: str) -> tuple[int, str, str]:
    """A sum does not depend on the order of the rows, and counts each of two that are alike. The numbers are
    hashed beside it, each with what its row holds."""
    columns = sqlite.execute(_COLUMNS, (name,))
    kept = [adapter.quote(column[0]) for column in columns if column[5] != _VIRTUAL]
    number = _number_word(sqlite, name)
    asked, order = ([*kept, number], f"ORDER BY {number}") if number else (kept, "")
    cursor = sqlite.execute(f"SELECT {', '.join(asked)} FROM {adapter.quote(name)} {order}")
    rows = total = 0
    numbers = hashlib.blake2b(digest_size=16)
    while batch := cursor.fetchmany(_BATCH):
        op.check()
        rows += len(batch)
        digests = [_digest(row[: len(kept)]) for row in batch]
        total += sum(int.from_bytes(digest, "big") for digest in digests)
        if number:
            numbers.update(b"".join((repr([row[-1] for row in batch]).encode(), *digests)))
    return rows, f"{total % _MODULUS:032x}", numbers.hexdigest() if number else ""


def _digest(values: tuple[object, ...]) -> bytes:
    """1, '1', 1.0, x'31' and NULL are written 1, '1', 1.0, b'1' and None."""
    return hashlib.blake2b(repr(values).encode(), digest_size=16).digest()


def _number_word(sqlite: Any, name: str) -> str:
    """What asks for the number of a row, by which full-text indexes and others find it; "" where the primary
    key is that number, where rows have none, and where columns leave it no name or no room."""
    columns = sqlite.execute(_COLUMNS, (name,)).fetchall()
    has_key = any(column[4] for column in columns)
    if len(columns) >= _MOST_COLUMNS or has_key and not sqlite.execute(_KEY_INDEX, (name,)).fetchone():
        return ""
    taken = {column[0].lower() for column in columns}
    return next((word for word in _NUMBER_WORDS if word not in taken), "")


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
