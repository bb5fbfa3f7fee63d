"""By what the rows of a run in a registered database are told from others that have their keys now: what the
first and the last of them hold."""

from __future__ import annotations

from database.seeding import Filler, Limits
from database.table_shapes import Kind
from features.table_rows import Table
from models import SeedPart

Mark = tuple[int, str, str]


def marks_of(table: Table, first_key: int) -> list[Mark]:
    """What the first and the last row of a run hold in a column of text, as (position, column, value): by
    that they are told from others with their keys. Empty where there is no such column."""
    return [mark for position in (0, table.count - 1) for mark in _marks_at(table, first_key, position)]


def _marks_at(table: Table, first_key: int, position: int) -> list[Mark]:
    [row] = table.rows(first_key, position, position + 1)
    pairs = dict(zip(table.columns, row, strict=True))
    texts = [name for name in table.fields if table.shape.column(name).kind is Kind.TEXT]
    return [(position, name, str(pairs[name])) for name in texts[:1] if isinstance(pairs[name], str)]


def read_marks(row: SeedPart) -> tuple[Mark, ...]:
    """Those that the ledger has of a part."""
    return tuple((int(at), str(column), str(value)) for at, column, value in row.parents.get("marks", ()))


def holds(filler: Filler, table: str, key: str, first_key: int, mark: Mark) -> bool:
    """True when the row at that place behind `first_key` is what it was."""
    position, column, value = mark
    place = Limits(key, first_key + position, first_key + position)
    return filler.sample(table, [column], [place], 1) == [(value,)]
