"""In which order tables are filled: what is referred to first; circles are cut where one may be empty."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from core.errors import InvalidInput
from database.table_shapes import Reference, TableShape


@dataclass(frozen=True)
class Turn:
    """One table in its turn. `empty` are references that stay empty, since what they mean comes later."""

    shape: TableShape
    empty: tuple[Reference, ...]


def order_tables(shapes: Sequence[TableShape], wanted: Collection[str]) -> tuple[Turn, ...]:
    """The wanted tables, each after those it refers to. Raises InvalidInput for a table that is not there,
    and for a circle of references none of which may be empty."""
    by_name = {shape.name: shape for shape in shapes}
    if missing := [name for name in wanted if name not in by_name]:
        raise InvalidInput(
            f"There is no table {', '.join(missing)}.", hint=f"Tables: {', '.join(sorted(by_name))[:300]}."
        )
    left = {name: by_name[name] for name in by_name if name in wanted}
    turns: list[Turn] = []
    while left:
        ready = [shape for shape in left.values() if not _waits_for(shape, left)]
        if ready:
            turns += [Turn(shape, ()) for shape in ready]
        else:
            ready = [_cut(left)]
            turns.append(Turn(ready[0], _waits_for(ready[0], left)))
        for shape in ready:
            del left[shape.name]
    return tuple(turns)


def with_parents(
    shapes: Sequence[TableShape], wanted: Collection[str], filled: Collection[str]
) -> tuple[str, ...]:
    """The wanted tables and those they cannot do without: parents that are empty, and both sides of a table
    that joins two, whose pairs have to be new. `filled` are tables that have rows."""
    by_name = {shape.name: shape for shape in shapes}
    found = dict.fromkeys(wanted)
    for name in (queue := list(wanted)):
        shape = by_name.get(name)
        for reference in shape.references if shape else ():
            needed = not may_be_empty(shape, reference) and reference.table not in filled  # type: ignore[arg-type]
            if (needed or is_joining(shape)) and reference.table not in found:  # type: ignore[arg-type]
                found[reference.table] = None
                queue.append(reference.table)
    return tuple(found)


def is_joining(shape: TableShape) -> bool:
    """True where some set of columns that must differ is made of references alone."""
    referring = {column for reference in shape.references for column in reference.columns}
    return any(set(columns) <= referring for columns in shape.unique)


def may_be_empty(shape: TableShape, reference: Reference) -> bool:
    """True where a row does without what it refers to."""
    return any(shape.column(name).is_nullable for name in reference.columns)


def _waits_for(shape: TableShape, left: Mapping[str, TableShape]) -> tuple[Reference, ...]:
    return tuple(one for one in shape.references if one.table in left and one.table != shape.name)


def _cut(left: Mapping[str, TableShape]) -> TableShape:
    """A table of a circle whose waits may all stay empty."""
    for shape in left.values():
        if all(may_be_empty(shape, one) for one in _waits_for(shape, left)):
            return shape
    raise InvalidInput(
        f"{', '.join(left)} refer to each other in a circle, and no reference of it may be empty.",
        hint="Nothing was written.",
    )
