"""How each column of any table is filled, so that its checks hold; tried on the server before a row is
written."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence

from core.errors import InvalidInput
from database.table_shapes import Column, Kind, TableShape
from features.recipes.fate import fate_of
from features.recipes.guesses import Guess, literals_in, room_of, values_of
from features.recipes.recipe import Value
from features.table_order import Turn

Trial = Callable[[str, Sequence[Column], Sequence[Value]], bool]  # of a check

_SAMPLES = 12
_NOTHING: Guess = lambda fate, position: None  # noqa: E731


def fields_of(turn: Turn, seed: int, trial: Trial) -> dict[str, Guess]:
    """How the columns are filled that refer to nothing; `trial` says whether values satisfy a check. Raises
    InvalidInput that names each column for which nothing was found."""
    shape, problems = turn.shape, []
    referring = {name for reference in shape.references for name in reference.columns}
    unique = set(differing_columns(shape))
    fields: dict[str, Guess] = {}
    for column in shape.columns:
        if column.is_generated or column.name in referring or column.name == shape.number_key:
            continue
        if column.kind in (Kind.UNKNOWN, Kind.BYTES):
            if not column.may_be_left_out:
                problems.append(f"{shape.name}.{column.name} is of a type that is not known here")
            continue
        fields[column.name] = values_of(column, unique=column.name in unique, seed=seed)
    for check in shape.checks:
        if not _mend(shape, check, fields, seed, trial):
            names = ", ".join(f"{shape.name}.{one.name}" for one in _columns_in(shape, check))
            problems.append(f"{names or shape.name} has a check that no value was found for: {check[:120]}")
    if problems:
        raise InvalidInput("; ".join(problems) + ".", hint="Nothing was written. Leave that table out.")
    return fields


def differing_columns(shape: TableShape) -> tuple[str, ...]:
    """The columns that make each set differ: of those that refer to nothing, the first that can."""
    referring = {name for reference in shape.references for name in reference.columns}
    found = []
    for columns in shape.unique:
        own = [shape.column(name) for name in columns if name not in referring]
        own.sort(key=lambda column: column.kind not in (Kind.TEXT, Kind.INTEGER, Kind.UUID))
        found += [column.name for column in own[:1]]
    return tuple(found)


def check_room(shape: TableShape, count: int) -> None:
    """Raises InvalidInput naming a column that must differ and has not as many values."""
    referring = {name for reference in shape.references for name in reference.columns}
    for columns in shape.unique:
        if len(columns) > 1 or columns[0] in referring:
            continue
        room = room_of(shape.column(columns[0]))
        if room is not None and room < count:
            raise InvalidInput(
                f"{shape.name}.{columns[0]} has {room:,} values, and {count:,} that differ are wanted.",
                hint="Nothing was written.",
            )


def _mend(shape: TableShape, check: str, fields: dict[str, Guess], seed: int, trial: Trial) -> bool:
    """True when the check holds for samples, after another way to fill a column was found if need be."""
    columns = [one for one in _columns_in(shape, check) if one.name in fields]
    if not columns or _holds(check, columns, fields, seed, trial):
        return True
    for changed in _other_ways(check, columns, fields, trial):
        tried = fields | changed
        if _holds(check, columns, tried, seed, trial):
            fields.update(changed)
            return True
    return False


def _other_ways(
    check: str, columns: Sequence[Column], fields: dict[str, Guess], trial: Trial
) -> Iterable[dict[str, Guess]]:
    """What the check itself names; the same in two columns; nothing, where that may be."""
    if len(columns) == 1:
        (column,) = columns
        found = [
            value
            for value in literals_in(check)
            if _is_fitting(column, value) and trial(check, columns, [value])
        ]
        if found:
            yield {column.name: lambda fate, position: found[fate % len(found)]}
    for first in columns:
        for second in columns:
            if first is not second and first.kind is second.kind:
                yield {second.name: fields[first.name]}
    for column in columns:
        if column.is_nullable:
            yield {column.name: _NOTHING}


def _is_fitting(column: Column, value: Value) -> bool:
    if column.kind in (Kind.INTEGER, Kind.BOOLEAN):
        return isinstance(value, int) and abs(value) <= column.high
    if column.kind is Kind.NUMBER:
        return isinstance(value, int | float)
    return isinstance(value, str) and (not column.length or len(value) <= column.length)


def _holds(check: str, columns: Sequence[Column], fields: dict[str, Guess], seed: int, trial: Trial) -> bool:
    fate = fate_of(seed, "samples")
    return all(
        trial(check, columns, [fields[one.name](fate(position), position) for one in columns])
        for position in range(_SAMPLES)
    )


def _columns_in(shape: TableShape, check: str) -> list[Column]:
    return [one for one in shape.columns if re.search(rf"(?<!\w){re.escape(one.name)}(?!\w)", check)]
