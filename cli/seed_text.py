"""What the seeding commands print."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.console import say, show_table
from core.text import duration, plural
from core.text import size as in_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from features.seed_plans import SeedPlan
    from features.seed_removal import Removal
    from features.seed_runs import RunFacts
    from features.seed_statistics import Estimate, Statistics


def show_run(run: RunFacts) -> None:
    """What a run did."""
    rate = f", {run.rate:,.0f} rows/s" if run.seconds and run.rows else ""
    say(f"{plural(run.rows, 'row')} added in {duration(run.seconds)}{rate}; seed {run.seed}, run {run.id}.")
    if run.updated:
        say(f"{plural(run.updated, 'row')} put right.")


def show_plan(plan: SeedPlan, expected: Estimate) -> None:
    """What a run would do, and what it would take."""
    if not plan.rows:
        say("Nothing would be added. Nothing was written.")
        return
    rows = [
        *((one.part.recipe.type, "upsert", f"{one.stop - one.start:,}") for one in plan.repeats),
        *((one.recipe.type, "add", f"{one.count:,}") for one in plan.steps),
    ]
    show_table(("Type", "What", "Rows"), rows, numbers=(2,))
    measured = "as measured here" if expected.is_measured else "not measured here yet"
    say(
        f"{plural(expected.rows, 'row')}, about {in_bytes(expected.size)}, "
        f"{about(expected.seconds)} ({expected.rate:,.0f} rows/s, {measured}); seed {plan.seed}."
    )
    if expected.set_aside:
        tables = " and ".join(expected.set_aside)
        say(
            f"Indexes of {tables} are set aside meanwhile and built again at the end of each: that is faster."
        )
    if expected.free is not None and expected.free < expected.size:
        say(f"Only {in_bytes(expected.free)} are free on the disk.")
    say("Nothing was written.")


def show_tables(planned: tuple[tuple[str, int], ...]) -> None:
    """What would go into the tables of another schema."""
    show_table(("Table", "Rows"), [(name, f"{rows:,}") for name, rows in planned], numbers=(1,))
    say("Nothing was written.")


def about(seconds: float) -> str:
    """What a run is expected to take. Under a second the work around the rows is most of it."""
    return f"about {duration(seconds)}" if seconds >= 1 else "under 1 s"


def show_removable(rows: tuple[tuple[str, int], ...]) -> None:
    """What a clean would take out, and what belongs to it."""
    if not rows:
        say("There is no seeded row to remove.")
        return
    show_table(("Table", "Removed"), [(table, f"{count:,}") for table, count in rows], numbers=(1,))
    say("Rows on which something hangs that people made stay.")


def show_removal(removal: Removal) -> None:
    """What was taken out."""
    if not removal.total:
        say("There was no seeded row to remove.")
    for table, count in removal.rows:
        say(f"{plural(count, 'row')} of {table} removed.")
    if removal.kept:
        kept = plural(removal.kept, "row")
        say(f"{kept} stay: something that people made hangs on them, or they are admins.")


def show_statistics(statistics: Statistics, faults: tuple[str, ...]) -> None:
    """The tables, the newest runs, and whether every constraint holds."""
    rows = [
        (one.type, one.table, f"{one.rows:,}", f"{one.seeded:,}", in_bytes(one.size) if one.size else "")
        for one in statistics.tables
    ]
    total = ("total", "", f"{statistics.rows:,}", "", in_bytes(statistics.size))
    show_table(("Type", "Table", "Rows", "Seeded", "Size"), [*rows, total], numbers=(2, 3, 4))
    show_runs(statistics.runs[:10], statistics.there)
    for fault in faults:
        say(fault)
    say(f"{plural(len(faults), 'fault')} found." if faults else "Every constraint and relation holds.")


def show_runs(runs: tuple[RunFacts, ...], there: Mapping[str, int]) -> None:
    """The runs of the ledger; `there` says how many rows of which are there still."""
    if not runs:
        return
    say("")
    rows = [
        (
            one.id,
            f"{one.started_at:%Y-%m-%d %H:%M}",
            one.mode,
            str(one.seed),
            f"{one.done:,}",
            "" if one.id not in there else f"{there[one.id]:,}",
            duration(one.seconds) if one.seconds else "-",
            f"{one.rate:,.0f}" if one.rate else "-",
            _state(one),
        )
        for one in runs
    ]
    head = ("Run", "Begun", "Mode", "Seed", "Rows", "There", "Took", "Rows/s", "State")
    show_table(head, rows, numbers=(4, 5, 6, 7))


def _state(run: RunFacts) -> str:
    return "undone" if run.undone_at else "cut off" if run.is_open else "done"
