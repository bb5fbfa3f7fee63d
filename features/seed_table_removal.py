"""What a run put into a registered database taken out again: the rows known by their keys, and none that
others' hang on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from core.clock import monotonic
from core.errors import Conflict
from core.progress import Operation, operation
from database.context import current_settings
from database.seeding import Filler, Limits, Pointer, Target
from database.table_shapes import TableShape, read_shapes
from database.transactions import transaction
from features.databases import find_database
from features.seed_indexes import opened_filler
from features.seed_marks import Mark, holds, read_marks
from features.seed_runs import mark_undone, read_run_of
from models import SeedPart

_FIRST_STEP = 50  # keys


@dataclass(frozen=True)
class _Part:
    """The rows of one table: by what they are known, and what some of them hold."""

    id: int
    shape: TableShape | None  # None where the table is gone
    limits: tuple[Limits, ...]
    marks: tuple[Mark, ...]


@operation("data.undo_tables", title="Undo a seeding of {database}", target="{database}")
def undo_tables(op: Operation, database: str, run: str) -> tuple[tuple[str, int], ...]:
    """Remove what a run put into a registered database, but for rows that others' hang on; gives (table,
    rows) pairs. Raises NotFound, ServerError, Conflict for one that is undone, and where rows that are not
    its own might go: then nothing is removed."""
    found = read_run_of(database, run)
    if found.undone_at:
        raise Conflict("The rows of this run are removed already.")
    parameters = find_database(found.database)
    shapes = {shape.name: shape for shape in read_shapes(parameters)}
    own = current_settings().database
    with opened_filler(op, found.database, parameters, own, removing=True) as filler:
        parts = _parts(run, shapes)
        for part in parts:
            _check_known(filler, part)
        return tuple(_remove(op, filler, run, parts, shapes))


def _remove(
    op: Operation, filler: Filler, run: str, parts: Sequence[_Part], shapes: dict[str, TableShape]
) -> Iterator[tuple[str, int]]:
    for part in reversed(parts):
        if part.shape and part.limits:
            pointers = _pointers_to(shapes, part.shape.name)
            yield part.shape.name, _remove_part(op, filler, part, pointers)
        mark_undone([run], [part.id])


def _remove_part(op: Operation, filler: Filler, part: _Part, pointers: tuple[Pointer, ...]) -> int:
    """In steps of about a second, for which others may wait; rows that point to each other in one."""
    assert part.shape
    target = _target(part.shape)
    if not part.shape.number_key or any(one.table == target.table for one in pointers):
        op.phase(f"Remove from {target.table}")
        return filler.remove_within(target, part.limits, pointers)
    [whole] = part.limits
    low, last, step, removed = int(whole.low), int(whole.high), _FIRST_STEP, 0
    op.phase(f"Remove from {target.table}", total=last - low + 1, unit="row")
    while low <= last:
        begun, high = monotonic(), min(last, low + step - 1)
        removed += filler.remove_within(target, [Limits(whole.column, low, high)], pointers)
        op.advance(high - low + 1)
        low, step = high + 1, _next_step(step, monotonic() - begun, filler.batch)
    return removed


def _next_step(step: int, seconds: float, most: int) -> int:
    """More keys after a quick step, fewer after a slow one: the rows of a reference without an index are all
    looked at for each key."""
    return min(most, step * 4) if seconds < 0.25 else max(1, step // 2) if seconds > 1 else step


def _check_known(filler: Filler, part: _Part) -> None:
    """Raises Conflict where rows of people could be taken for those of the run, or go with them unseen."""
    if part.shape is None or not part.limits:
        return
    table = part.shape.name
    if others := filler.outsiders(table):
        raise Conflict(
            f"{', '.join(others)} refer to {table}, from another schema.",
            hint="Nothing was removed. Remove the rows by hand.",
        )
    if part.shape.number_key and not _holds_its_keys(filler, part):
        raise Conflict(
            f"Rows that were put into {table} are gone or changed: others may have got their keys.",
            hint="Nothing was removed. Remove the rows by hand.",
        )


def _holds_its_keys(filler: Filler, part: _Part) -> bool:
    """True while the last row is what it was, so that nobody was given a key before it, and when none of
    them is there. Where no key returns it does for the first one, too: then this is not a copy of the
    database from before the run."""
    assert part.shape
    [one] = part.limits
    low, high = int(one.low), int(one.high)
    if not filler.count(_target(part.shape), low, high):
        return True
    if not part.marks:
        return not filler.keys_return or filler.count(_target(part.shape), high, high) == 1
    held = [holds(filler, part.shape.name, one.column, low, mark) for mark in part.marks]
    return held[-1] if filler.keys_return else any(held)


def _target(shape: TableShape) -> Target:
    return Target(shape.name, (shape.number_key or shape.key[0],))


def _parts(run: str, shapes: dict[str, TableShape]) -> list[_Part]:
    with transaction() as session:
        rows = session.scalars(select(SeedPart).where(SeedPart.run_id == run).order_by(SeedPart.id))
        return [_part_of(row, shapes.get(row.table_name)) for row in rows if row.removed_at is None]


def _part_of(row: SeedPart, shape: TableShape | None) -> _Part:
    """By what the rows of a part are known; nothing where none was put in."""
    limits = [Limits(**one) for one in row.parents.get("limits", ())]
    if shape and row.first_key is not None and shape.number_key:
        limits = [Limits(shape.number_key, row.first_key, row.first_key + row.wanted - 1)]
    return _Part(row.id, shape, tuple(limits), read_marks(row))


def _pointers_to(shapes: dict[str, TableShape], table: str) -> tuple[Pointer, ...]:
    return tuple(
        Pointer(shape.name, reference.columns, reference.targets)
        for shape in shapes.values()
        for reference in shape.references
        if reference.table == table
    )
