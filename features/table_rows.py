"""The rows of any table: values after its columns, references to rows that are there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.errors import InvalidInput
from database.seeding import Filler, Limits, Target
from database.table_shapes import Kind, Reference, TableShape
from features.recipes.fate import fate_of
from features.recipes.guesses import Guess
from features.recipes.recipe import Value
from features.table_order import Turn, is_joining, may_be_empty

_MOST = 5_000  # parents that rows are spread over
_MOST_PAIRED = 200_000
_WIDTH = 8  # digits behind the mark of a key in letters
Pool = Sequence[tuple[Any, ...]]


@dataclass
class Table:
    """One table that is filled: how, with how many rows, and by what limits its rows are known afterwards."""

    turn: Turn
    count: int
    fields: dict[str, Guess]
    seed: int
    mark: str  # what the keys of this run begin with, where they are letters
    pools: dict[Reference, Pool] = field(default_factory=dict)
    limits: tuple[Limits, ...] = ()

    @property
    def shape(self) -> TableShape:
        """The table as it is."""
        return self.turn.shape

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that are filled, the key first."""
        key = self.shape.number_key
        referring = [name for reference in self.shape.references for name in reference.columns]
        names = [*filter(None, [key]), *self.fields, *referring]
        return tuple(dict.fromkeys(names))

    @property
    def target(self) -> Target:
        """Where the rows go."""
        return Target(self.shape.name, self.columns)

    def rows(self, first_key: int, start: int, stop: int) -> list[tuple[Value, ...]]:
        """The rows from `start` to before `stop`, whose keys, if they are numbers, count from `first_key`."""
        return [self._row(first_key, position) for position in range(start, stop)]

    def _row(self, first_key: int, position: int) -> tuple[Value, ...]:
        fate = fate_of(self.seed, self.shape.name)(first_key + position)
        key = self.shape.number_key
        row: dict[str, Value] = {key: first_key + position} if key else {}
        for name, guess in self.fields.items():
            row[name] = guess(fate, first_key + position)
        for number, reference in enumerate(self.shape.references):
            values = self._parent(reference, number, fate, first_key, position)
            row.update(zip(reference.columns, values, strict=True))
        return tuple(row[name] for name in self.columns)

    def _parent(
        self, reference: Reference, number: int, fate: int, first_key: int, position: int
    ) -> Sequence[Value]:
        nothing = [None] * len(reference.columns)
        if reference in self.turn.empty:
            return nothing
        if reference.table == self.shape.name:
            return self._earlier(reference, fate, first_key, position)
        pool = self.pools[reference]
        if not pool:
            return nothing
        if is_joining(self.shape):
            return pool[self._paired(number, position) % len(pool)]
        if may_be_empty(self.shape, reference) and fate >> 50 & 7 == 0:
            return nothing
        share = (fate >> 4 * number & 0xFFFFFF) / 2**24
        return pool[int(len(pool) * share * share)]

    def _earlier(self, reference: Reference, fate: int, first_key: int, position: int) -> Sequence[Value]:
        """A row before this one; the last of all is put in first, when there is none yet."""
        is_first = position in (0, self.count - 1)
        if may_be_empty(self.shape, reference) and (is_first or fate & 7 == 0):
            return [None]
        return [first_key + (position if is_first else (fate >> 3) % position)]

    def _paired(self, number: int, position: int) -> int:
        """Where the reference of that number stands in the pair of that position, of which no two are alike:
        counted through like the digits of a number."""
        for reference in list(self.shape.references)[:number]:
            position //= max(1, len(self.pools[reference]))
        return position


def prepare(table: Table, filler: Filler, filled: Mapping[str, Table]) -> None:
    """Read the parents of a table. `filled` are the tables of this run before it. Raises InvalidInput."""
    shape = table.shape
    for reference in shape.references:
        if reference in table.turn.empty or reference.table == shape.name:
            continue
        made = filled.get(reference.table)
        most = _MOST_PAIRED if is_joining(shape) else _MOST
        limits = made.limits if made else ()
        table.pools[reference] = filler.sample(reference.table, reference.targets, limits, most)
        if not (table.pools[reference] or may_be_empty(shape, reference)):
            raise InvalidInput(f"{reference.table} has no rows that {shape.name} could refer to.")
    if is_joining(shape):
        table.limits = _limits_of_pairs(table, filled)


def settle_keys(table: Table, planned: Mapping[str, Table]) -> None:
    """See to it that the rows of a table can be told from others afterwards; `planned` are the tables before
    it. Raises InvalidInput."""
    shape = table.shape
    if is_joining(shape):
        for reference in shape.references:
            parent = planned.get(reference.table)
            if parent is None or reference.targets != (parent.shape.number_key,):
                raise _not_known(shape)
    elif not shape.number_key:
        table.limits = _mark_keys(table)


def _limits_of_pairs(table: Table, filled: Mapping[str, Table]) -> tuple[Limits, ...]:
    pairs, limits = 1, []
    for reference in table.shape.references:
        pairs *= len(table.pools[reference])
        (one,) = filled[reference.table].limits
        limits.append(Limits(reference.columns[0], one.low, one.high))
    table.count = min(table.count, pairs)
    return tuple(limits)


def _mark_keys(table: Table) -> tuple[Limits, ...]:
    """Keys of letters that lie side by side, by a mark that no other run has."""
    (name, *more) = table.shape.key or ("",)
    if more or name not in table.fields:
        raise _not_known(table.shape)
    column, mark = table.shape.column(name), table.mark
    if column.kind is Kind.UUID:
        begin = f"{mark.encode().hex():0<16}"[:16]
        form = f"{begin[:8]}-{begin[8:12]}-{begin[12:16]}-0000-{{:012x}}"
    elif column.kind is Kind.TEXT and (column.length or 99) >= len(mark) + _WIDTH:
        form = f"{mark}{{:0{_WIDTH}d}}"
    else:
        raise _not_known(table.shape)
    table.fields[name] = lambda fate, position: form.format(position)
    return (Limits(name, form.format(0), form.format(table.count)),)


def _not_known(shape: TableShape) -> InvalidInput:
    return InvalidInput(
        f"Rows of {shape.name} could not be told from others by its key ({', '.join(shape.key) or 'none'}).",
        hint="Nothing was written. Leave that table out.",
    )
