"""Rows counted and hashed by the server, in one pass over each table and whatever their order: the first 64
bits of the SHA-256 of every row, added up."""

from __future__ import annotations

from database.adapters.mysql.backup_session import Session
from database.manifest import TableFacts

HASH = "mysql-sha256-sum64-1"  # the number changes when what is written of a row does

# What the dump does not carry, because the server computes it, is not hashed.
_COLUMNS = """
    SELECT column_name, data_type, coalesce(character_octet_length, 0) FROM information_schema.columns
    WHERE table_schema = database() AND table_name = %s AND coalesce(generation_expression, '') = ''
    ORDER BY ordinal_position
"""
_NUMBERS = frozenset(("tinyint", "smallint", "mediumint", "int", "bigint", "decimal", "float", "double"))
_TIMES = frozenset(("year", "date", "time", "datetime", "timestamp"))
_SHORT_TEXTS = frozenset(("char", "varchar", "enum", "set"))
_SHORT_BYTES = frozenset(("binary", "varbinary", "bit"))
_SHORT = 1024  # bytes; what is longer is hashed by itself, for a row may pass max_allowed_packet
_ROW_HASH = "sum(cast(conv(left(sha2(concat_ws(',', {parts}), 256), 16), 16, 10) AS unsigned))"


def read_table(session: Session, name: str, *, contents: bool) -> TableFacts:
    """The table's rows, and their hash when `contents`."""
    quoted = session.quote(name)
    if not contents:
        return TableFacts(name, int(session.value(f"SELECT count(*) FROM {quoted}")))
    parts = [_part(session.quote(column), kind, size) for column, kind, size in columns_of(session, name)]
    row_hash = _ROW_HASH.format(parts=", ".join(parts or ["''"]))
    rows, total = session.rows(f"SELECT count(*), {row_hash} FROM {quoted}")[0]
    return TableFacts(name, int(rows), f"{int(total or 0):x}")


def columns_of(session: Session, table: str) -> list[tuple[str, str, int]]:
    """The columns that hold data of their own: name, type, and how many bytes of text fit."""
    return [
        (str(name), str(kind).lower(), int(size)) for name, kind, size in session.rows(_COLUMNS, (table,))
    ]


def _part(column: str, kind: str, size: int) -> str:
    """One column as text from which no other row has the same: NULL is N, texts stand in quotes."""
    if kind in _NUMBERS or kind in _TIMES:
        return f"ifnull({column}, 'N')"
    if kind in _SHORT_TEXTS and size <= _SHORT:
        return f"quote({column})"
    if kind in _SHORT_BYTES and size <= _SHORT:
        return f"ifnull(hex({column}), 'N')"
    return f"ifnull(sha2({column}, 256), 'N')"
