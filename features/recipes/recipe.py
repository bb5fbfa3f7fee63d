"""The form of a recipe: a table, and for each of its fields how a block of values is made at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from random import Random
from typing import Any, TypeVar

from features.recipes.rows import Rows

Value = str | int | float | None
Values = Sequence[Any]
T = TypeVar("T")

BLOCK = 500  # positions whose values are made together; with another number a seed would mean other rows


class Block:
    """The positions of a stream that are made together. Its chance hangs on the stream and the block alone,
    so the rows are the same however many are asked for at once."""

    def __init__(self, rows: Rows, number: int) -> None:
        self.rows = rows
        self.positions = range(number * BLOCK, (number + 1) * BLOCK)
        self.random = Random(f"{rows.seed}/{rows.table}/{number}")
        self._made: dict[Callable[[Block], Any], Any] = {}

    def of(self, make: Callable[[Block], T]) -> T:
        """What `make` makes of this block, made once: several fields may hang on it."""
        if make not in self._made:
            self._made[make] = make(self)
        found: T = self._made[make]
        return found


@dataclass(frozen=True)
class Field:
    """One column, and how its values are made for a block."""

    name: str
    make: Callable[[Block], Values]


@dataclass(frozen=True)
class Recipe:
    """How the rows of a table are made. `type` is what people call them; `parents` are tables that may hold
    what they refer to; `unique` the columns in which no two rows are alike; `room` how many rows one seed
    has values for, None for no end; `each` how many rows a user has on the average; `kept` what an upsert
    leaves as it is; `spared` (column, value) pairs whose rows are not taken out again; `witness` a column by
    which a row is told from another that got its key later."""

    type: str
    table: str
    fields: tuple[Field, ...]
    parents: tuple[str, ...] = ()
    unique: tuple[str, ...] = ()
    room: int | None = None
    each: int = 1
    kept: tuple[str, ...] = ()
    key: str = "id"
    spared: tuple[tuple[str, str], ...] = field(default=(), kw_only=True)
    witness: str = field(default="", kw_only=True)
    about: str = field(default="", kw_only=True)

    @property
    def columns(self) -> tuple[str, ...]:
        """The key, then every field."""
        return (self.key, *(one.name for one in self.fields))

    def make(self, rows: Rows, start: int, stop: int) -> Iterator[tuple[Value, ...]]:
        """The rows at the positions from `start` to before `stop`, their keys first."""
        for number in range(start // BLOCK, -(-stop // BLOCK)):
            block = Block(rows, number)
            low, high = max(start, block.positions.start), min(stop, block.positions.stop)
            made = slice(low - block.positions.start, high - block.positions.start)
            columns = [one.make(block)[made] for one in self.fields]
            yield from zip(range(rows.key_of(low), rows.key_of(high)), *columns, strict=True)


def always(value: Value) -> Callable[[Block], Values]:
    """The same in every row."""
    return lambda block: [value] * BLOCK


def pick(shares: dict[T, int]) -> Callable[[Block], Values]:
    """One of several values, each as often as its share says."""
    values, weights = list(shares), list(accumulate(shares.values()))
    return lambda block: block.random.choices(values, cum_weights=weights, k=BLOCK)


def number(low: int, high: int) -> Callable[[Block], Values]:
    """A whole number, small ones more often: between `low` and `high`."""

    def make(block: Block) -> Values:
        chance, span = block.random.random, high - low + 1
        return [low + int(span * chance() * chance()) for _ in range(BLOCK)]

    return make
