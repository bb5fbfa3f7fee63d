"""What is filled, and what is taken out again: a table, rows by the limits they lie in, and what points to
them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

Rows = Sequence[tuple[Any, ...]]


@dataclass(frozen=True)
class Target:
    """A table that is filled: its name, its key first among its `columns`, those of them in which no two
    rows are alike, those that an upsert leaves as they are, (column, value) pairs: a row that has one of
    them is never removed; and a column that nobody changes, by which a row is told from another with its
    key."""

    table: str
    columns: tuple[str, ...]
    unique: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    spared: tuple[tuple[str, str], ...] = ()
    witness: str = ""

    @property
    def key(self) -> str:
        """The column of the key."""
        return self.columns[0]

    @property
    def changed(self) -> list[str]:
        """The columns that an upsert writes."""
        return [column for column in self.columns[1:] if column not in self.kept]


@dataclass(frozen=True)
class Pointer:
    """Columns of another table, or the same, that refer to columns of a table: its `targets`."""

    table: str
    columns: tuple[str, ...]
    targets: tuple[str, ...]


@dataclass(frozen=True)
class Limits:
    """Rows whose `column` lies between two values, both included."""

    column: str
    low: int | str
    high: int | str
