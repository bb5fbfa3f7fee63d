"""Seeding: rows that look real, the same for the same seed, known to the ledger."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping

from core.clock import utc_now
from core.errors import Conflict
from core.naming import new_id
from core.progress import Operation, operation
from core.text import duration, plural
from database.context import current_settings
from database.seeding import Filler
from features.recipes.book import BY_TYPE
from features.recipes.moments import seed_of_day
from features.seed_filling import fill_parts, repeat_rows
from features.seed_indexes import opened_filler
from features.seed_parts import read_parts
from features.seed_plans import SeedPlan, plan_rows
from features.seed_removal import in_one_line, remove_types
from features.seed_runs import RunFacts, begin_run, end_run, list_runs, read_run_of, run_of_operation

__all__ = [
    "ADD",
    "CLEAN_FIRST",
    "MODES",
    "UPSERT",
    "RunFacts",
    "list_runs",
    "plan_seed",
    "resume_seed",
    "seed",
]

ADD, UPSERT, CLEAN_FIRST, SCENARIO, SAMPLE = "add", "upsert", "clean first", "scenario", "sample"
MODES = (ADD, UPSERT, CLEAN_FIRST)


@operation("data.seed", title="Seed {database}", target="{database}", attempts=3)
def seed(
    op: Operation,
    database: str,
    wishes: dict[str, int],
    *,
    made_by: str,
    mode: str = ADD,
    number: int | None = None,
    each: dict[str, int] | None = None,
) -> RunFacts:
    """Put so many rows of each type into the console's own `database`. `number` is the seed; without it
    today's is taken, and for an upsert that of the newest run. `each` fixes how many rows every user has of a
    type. What was cut off goes on where it stopped. Raises InvalidInput, Conflict, ServerError,
    OperationCancelled: the rows put in until then are in the ledger, to be resumed or undone."""
    with opened_filler(op, database, current_settings().database) as filler:
        run = run_of_operation(op.id)
        if run is None:
            if mode == CLEAN_FIRST:
                gone = remove_types(op, filler, database, tuple(wishes))
                op.note(f"{in_one_line(gone.rows) or 'No row'} removed first.")
            if mode == UPSERT:
                _finish_others(op, filler, database)
            plan = plan_seed(database, wishes, mode=mode, number=number, each=each)
            run = begin_run(
                new_id(),
                database,
                plan,
                mode=mode,
                wanted=_in_words(wishes, each),
                made_by=made_by,
                operation_id=op.id,
            )
            _say(op, run, plan)
        return _perform(op, filler, run, wishes)


@operation("data.resume", title="Resume seeding {database}", target="{database}", attempts=3)
def resume_seed(op: Operation, database: str, run: str = "") -> RunFacts:
    """Go on with a run that was cut off: that of the id, or the newest. Raises Conflict without one."""
    found = (
        read_run_of(database, run) if run else next((one for one in list_runs(database) if one.is_open), None)
    )
    if found is None or not found.is_open:
        raise Conflict("There is no seed run that was cut off.", hint="Nothing was changed.")
    with opened_filler(op, database, current_settings().database) as filler:
        return _perform(op, filler, found, {})


def plan_seed(
    database: str,
    wishes: Mapping[str, int],
    *,
    mode: str = ADD,
    number: int | None = None,
    each: Mapping[str, int] | None = None,
) -> SeedPlan:
    """What a run would do. Needs an application context. Raises InvalidInput, which names a column that has
    not enough values."""
    by_table = {BY_TYPE[type].table: count for type, count in (each or {}).items()}
    parts = read_parts(database)
    return plan_rows(wishes, _seed_for(database, mode, number), parts, upsert=mode == UPSERT, each=by_table)


def _seed_for(database: str, mode: str, number: int | None) -> int:
    if number is not None:
        return number
    newest = next(iter(list_runs(database, 1)), None) if mode == UPSERT else None
    return newest.seed if newest else seed_of_day(utc_now().date())


def _perform(op: Operation, filler: Filler, run: RunFacts, wishes: Mapping[str, int]) -> RunFacts:
    begun, parts = time.monotonic(), read_parts(run.database)
    updated = 0
    if run.mode == UPSERT and wishes:
        mine = {part.id for part in run.parts}
        others = [part for part in parts if part.id not in mine]
        plan = plan_rows(wishes, run.seed, others, upsert=True)
        updated = repeat_rows(op, filler, plan.repeats, parts)
    fill_parts(op, filler, run.parts, parts)
    op.phase("Look at the new rows")
    filler.refresh(sorted({part.table for part in run.parts}))
    ended = end_run(run.id, seconds=run.seconds + time.monotonic() - begun, updated=updated)
    righted = f", {updated:,} put right" if run.mode == UPSERT else ""
    op.note(f"{plural(ended.rows, 'row')} added{righted}, in {duration(ended.seconds)}.")
    return ended


def _finish_others(op: Operation, filler: Filler, database: str) -> None:
    """An upsert brings what was cut off to its end first, so that it repeats whole parts."""
    for run in list_runs(database):
        if run.is_open:
            op.note(f"Goes on with the run of {run.started_at:%Y-%m-%d %H:%M}, which was cut off.")
            _perform(op, filler, run, {})


def _say(op: Operation, run: RunFacts, plan: SeedPlan) -> None:
    op.note(f"Seed {run.seed}: {plural(plan.rows, 'row')}.")
    for step in plan.steps:
        if not step.is_wanted:
            op.note(f"{plural(step.count, 'user')} are added too: the rows belong to them.")


def _in_words(wishes: Mapping[str, int], each: Mapping[str, int] | None) -> str:
    words = ", ".join(f"{type} {count:,}" for type, count in wishes.items())
    return f"{words}; {json.dumps(each)}" if each else words
