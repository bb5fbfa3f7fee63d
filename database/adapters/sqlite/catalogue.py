"""What SQLite's own tables tell of the schema: names, rows, sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.errors import ServerError
from database.adapters.base import Adapter, Connection, SchemaNames, TableSize

# Above this, walking every page to add up the sizes would take too long.
_WEIGHED_BELOW = 100_000_000

_TABLES = (
    r"SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY 1"
)
_COLUMNS = r"""
    SELECT m.name, p.name FROM sqlite_master m JOIN pragma_table_xinfo(m.name) p
    WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite\_%' ESCAPE '\'
"""
# The indexes that SQLite makes for a constraint have no SQL of their own.
_INDEXES = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
_SQL = "SELECT sql FROM sqlite_master WHERE type = 'table' AND sql IS NOT NULL"
_WEIGHTS = """
    SELECT m.tbl_name, sum(s.pgsize) FROM dbstat s JOIN sqlite_master m ON m.name = s.name
    WHERE s.aggregate = TRUE GROUP BY m.tbl_name
"""
# How many row ids are taken in 100 places of 100 each, and how far it is from the first to the last.
_SAMPLED = """
    WITH RECURSIVE
        ends(low, span) AS (SELECT low, (SELECT max(_rowid_) FROM {table}) - low + 1.0
                            FROM (SELECT min(_rowid_) AS low FROM {table})),
        place(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM place WHERE n < 99),
        start(at) AS (SELECT low + CAST(span * (n + 0.5) / 100 AS integer) FROM ends, place)
    SELECT sum((SELECT count(*) FROM {table} WHERE _rowid_ BETWEEN at AND at + 99)), (SELECT span FROM ends)
    FROM start
"""
_TELLING = 10  # rows of a sample

_TOKEN = re.compile(
    r"""--[^\n]* | /\*.*?(?:\*/|\Z) | '(?:[^']|'')*'
      | (?P<quoted>"(?:[^"]|"")*" | `(?:[^`]|``)*` | \[[^\]]*\])
      | (?P<word>\w[\w$]*)""",
    re.VERBOSE | re.DOTALL,
)
_NAMED_KINDS = ("CHECK", "UNIQUE", "FOREIGN", "REFERENCES")


def schema_names(adapter: Adapter, connection: Connection) -> SchemaNames:
    """The names of the main database."""
    constraints = [constraint_names(sql) for (sql,) in adapter.rows(connection, _SQL)]
    return SchemaNames(
        tables=frozenset(name for (name,) in adapter.rows(connection, _TABLES)),
        columns=frozenset((table, name) for table, name in adapter.rows(connection, _COLUMNS)),
        indexes=frozenset(name for (name,) in adapter.rows(connection, _INDEXES)),
        constraints=frozenset(name for names in constraints for name in names),
    )


def constraint_names(sql: str) -> tuple[str, ...]:
    """The names that a CREATE TABLE statement gives to its CHECK, UNIQUE and FOREIGN KEY constraints. SQLite
    keeps them nowhere but in that text."""
    tokens = list(_tokens(sql))
    return tuple(
        name
        for (word, quoted), (name, _), (kind, kind_quoted) in zip(
            tokens, tokens[1:], tokens[2:], strict=False
        )
        if word.upper() == "CONSTRAINT" and not quoted and not kind_quoted and kind.upper() in _NAMED_KINDS
    )


def table_sizes(adapter: Adapter, connection: Connection, exact_below: int) -> tuple[TableSize, ...]:
    """Rows and bytes of each table. SQLite keeps no estimate: above `exact_below` it is the span of row ids,
    by how many of them are taken in samples."""
    weights = _weights(adapter, connection)
    return tuple(
        TableSize(name, *_count(adapter, connection, name, exact_below), weights.get(name))
        for (name,) in adapter.rows(connection, _TABLES)
    )


def _tokens(sql: str) -> Iterator[tuple[str, bool]]:
    """(text, was quoted) of each word and name, comments and strings left out."""
    for match in _TOKEN.finditer(sql):
        if quoted := match["quoted"]:
            mark = quoted[-1]
            yield quoted[1:-1].replace(mark * 2, mark) if mark != "]" else quoted[1:-1], True
        elif word := match["word"]:
            yield word, False


def _count(adapter: Adapter, connection: Connection, name: str, exact_below: int) -> tuple[int, bool]:
    table = adapter.quote(name)
    counted = adapter.rows(connection, f"SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT {exact_below:d})")
    rows: int = counted[0][0]
    if rows < exact_below:
        return rows, True
    try:
        [(found, span)] = adapter.rows(connection, _SAMPLED.format(table=table))
    except ServerError:
        return rows, False  # a table WITHOUT ROWID
    return max(rows, round(found * span / 100 / 100) if found >= _TELLING else 0), False


def _weights(adapter: Adapter, connection: Connection) -> dict[str, int]:
    if adapter.database_size(connection) > _WEIGHED_BELOW:
        return {}
    try:
        return {name: int(size) for name, size in adapter.rows(connection, _WEIGHTS)}
    except ServerError:
        return {}  # this SQLite was built without dbstat
