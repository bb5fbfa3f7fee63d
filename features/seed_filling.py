"""A seed run carried out: its parts filled one after another, parents first, each row where the plan says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from core.ahead import ahead
from core.errors import ServerError
from core.progress import Operation
from core.text import plural
from database.seeding import Entry, Filler, Target
from features.recipes.recipe import Recipe, Value
from features.recipes.rows import Rows
from features.seed_indexes import indexes_aside
from features.seed_parts import Family, PartFacts, target_of
from features.seed_plans import Repeat

_AT_ONCE = 5_000  # rows that an upsert writes in one transaction


def fill_parts(
    op: Operation, filler: Filler, parts: Sequence[PartFacts], all_parts: Sequence[PartFacts]
) -> None:
    """Put in what is missing of `parts`; `all_parts` are those they may belong to. Raises OperationCancelled
    between two batches, ServerError, Conflict: what is there is in the ledger then."""
    family = Family(all_parts)
    for part in parts:
        if part.done < part.wanted:
            op.phase(f"Seed {part.recipe.type}", total=part.wanted, unit="row")
            _fill(op, filler, part, family)


def repeat_rows(
    op: Operation, filler: Filler, repeats: Sequence[Repeat], all_parts: Sequence[PartFacts]
) -> int:
    """Bring rows back to what they were made as, and put in again those that are gone; gives how many were
    not as they should be."""
    family, changed = Family(all_parts), 0
    for one in repeats:
        recipe, rows = one.part.recipe, family.rows(one.part.id)
        op.phase(f"Upsert {recipe.type}", total=one.stop - one.start, unit="row")
        starts = range(one.start, one.stop, _AT_ONCE)
        for some in ahead(
            partial(_rows, recipe, rows, start, min(one.stop, start + _AT_ONCE)) for start in starts
        ):
            changed += filler.upsert(target_of(recipe), some)
            op.advance(len(some))
    return changed


def _fill(op: Operation, filler: Filler, part: PartFacts, family: Family) -> None:
    """Fill one part, and see that it is."""
    target, new = target_of(part.recipe), 0 if part.done else part.wanted
    with indexes_aside(op, filler, part.id, target.table, new):
        key = _fill_part(op, filler, part, family)
    see_rows(filler, target, key, part.wanted)


def _fill_part(op: Operation, filler: Filler, part: PartFacts, family: Family) -> int:
    """Gives its first key."""
    recipe, target = part.recipe, target_of(part.recipe)
    key, last = part.first_key, part.first + part.wanted - 1
    if is_new := key is None:
        key = filler.begin(
            target,
            part.id,
            part.wanted,
            lambda first: _rows(recipe, family.rows(part.id, first), last, last + 1),
        )
    _fill_batches(op, filler, part, family.rows(part.id, key), is_new=is_new)
    return key


def _fill_batches(op: Operation, filler: Filler, part: PartFacts, rows: Rows, *, is_new: bool) -> None:
    """All but the last row, which is there. What was cut off goes on by upserts: the ledger of another
    database may not know of the last batch."""
    recipe, target, begun = part.recipe, target_of(part.recipe), time.monotonic() - part.seconds
    before = Entry(part.id, part.done, part.seconds)
    op.advance(part.done)
    begin, end = part.first + part.done, part.first + part.wanted - is_new
    spans = _spans(begin, end, lambda: filler.batch if is_new else _AT_ONCE)
    for stop, some in ahead(partial(_until, recipe, rows, *span) for span in spans):
        done = part.wanted if stop == end else stop - part.first
        after = Entry(part.id, done, time.monotonic() - begun)
        if is_new:
            filler.put(target, some, before, after)
        else:
            filler.upsert(target, some, (before, after))
        op.advance(after.done - before.done)
        before = after


def _spans(begin: int, end: int, size: Callable[[], int]) -> Iterator[tuple[int, int]]:
    """The batches, each of the size that is right when it is asked for; one without rows where there are
    none."""
    stop = min(end, begin + size())
    yield begin, stop
    while stop < end:
        start, stop = stop, min(end, stop + size())
        yield start, stop


def see_rows(filler: Filler, target: Target, first_key: int, wanted: int) -> None:
    """Raises ServerError when so many rows with successive keys are not there."""
    there = filler.count(target, first_key, first_key + wanted - 1)
    if there != wanted:
        raise ServerError(
            f"{plural(wanted, 'row')} of {target.table} were put in, and {there:,} are there.",
            hint="Somebody, or a trigger, takes rows away there.",
        )


def _until(recipe: Recipe, rows: Rows, start: int, stop: int) -> tuple[int, list[tuple[Value, ...]]]:
    return stop, _rows(recipe, rows, start, stop)


def _rows(recipe: Recipe, rows: Rows, start: int, stop: int) -> list[tuple[Value, ...]]:
    return list(recipe.make(rows, start, stop))
