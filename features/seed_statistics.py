"""What is in the seeded tables, what is going to be, and how long that takes."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.text import plural
from database import schema
from database.adapters import closing_connection
from database.context import current_settings
from database.seeding import count_rows
from features.recipes.book import BY_TABLE, BY_TYPE
from features.seed_indexes import tables_to_spare
from features.seed_parts import read_parts, target_of
from features.seed_plans import SeedPlan
from features.seed_runs import RunFacts, list_runs

_TIMEOUT = 30.0  # seconds to connect
_EXACT_BELOW = 1_000_000
_COUNTED = 10  # runs whose rows are counted
_MEASURED_FROM = 1_000  # rows from which a size says something
_TIMED_FROM = 50  # and a speed
_USUAL_RATE = 20_000.0  # rows a second, where none was measured
# Bytes of a row with its indexes, as seen with a million of each.
_USUAL_SIZES = {"user": 600, "ssh_profile": 420, "session": 300, "command": 420, "sync_data": 240}
_SOME_SIZE = 200


@dataclass(frozen=True)
class TableStatistics:
    """One table: `rows` now, `seeded` of them by the ledger, `size` in bytes with indexes."""

    type: str
    table: str
    about: str
    rows: int
    exact: bool
    seeded: int
    size: int | None


@dataclass(frozen=True)
class Statistics:
    """The seeded tables of a database, and the newest runs. `there` is how many rows of a run are there now,
    by its id, for the newest that are not too large to be counted."""

    database: str
    tables: tuple[TableStatistics, ...]
    runs: tuple[RunFacts, ...]
    there: Mapping[str, int]

    @property
    def rows(self) -> int:
        """Rows of all of them."""
        return sum(table.rows for table in self.tables)

    @property
    def size(self) -> int:
        """Bytes of all of them."""
        return sum(table.size or 0 for table in self.tables)


@dataclass(frozen=True)
class Estimate:
    """What a run will come to. `rate` is rows a second, `is_measured` when a run here has shown it; `free` is
    bytes on the disk, None where that cannot be seen. `set_aside` are tables that go without some of their
    indexes meanwhile, `owners` users among the rows whom nobody wanted: others belong to them."""

    rows: int
    size: int
    seconds: float
    rate: float
    is_measured: bool
    free: int | None
    set_aside: tuple[str, ...]
    owners: int


def read_statistics(database: str) -> Statistics:
    """The tables of the recipes in the console's own database. Raises ConnectionFailed and its kin."""
    parts = read_parts(database)
    with closing_connection(current_settings().database, _TIMEOUT) as (adapter, connection):
        found = {one.name: one for one in adapter.table_sizes(connection, _EXACT_BELOW)}
    tables = tuple(
        TableStatistics(
            recipe.type,
            recipe.table,
            recipe.about,
            found[recipe.table].rows,
            found[recipe.table].exact,
            sum(part.made for part in parts if part.table == recipe.table),
            found[recipe.table].size,
        )
        for recipe in BY_TABLE.values()
        if recipe.table in found
    )
    runs = list_runs(database)
    return Statistics(database, tables, runs, _still_there(runs))


def _still_there(runs: Sequence[RunFacts]) -> dict[str, int]:
    counted = [run for run in runs[:_COUNTED] if not run.undone_at and run.rows < _EXACT_BELOW]
    parts = [part for run in counted for part in run.parts if part.first_key and not part.removed_at]
    ranges = [(target_of(part.recipe), part.first_key or 0, part.last_key) for part in parts]
    counts = count_rows(current_settings().database, ranges) if ranges else ()
    there = dict.fromkeys((run.id for run in counted), 0)
    for part, count in zip(parts, counts, strict=True):
        there[part.run_id] += count
    return there


def find_faults() -> tuple[str, ...]:
    """Every constraint and relation that does not hold, a sentence each."""
    return tuple(map(str, schema.find_faults(current_settings().migration_database)))


def estimate(plan: SeedPlan, statistics: Statistics) -> Estimate:
    """Rows, bytes and seconds of a plan, after what was measured here, or elsewhere."""
    sizes = row_sizes(statistics)
    size = sum(step.count * sizes[step.recipe.type] for step in plan.steps)
    rate, is_measured = usual_rate(statistics)
    empty = {one.table for one in statistics.tables if not one.rows}
    coming = {step.table: step.count for step in plan.steps if step.table in empty}
    set_aside = tables_to_spare(current_settings().database, coming)
    owners = sum(step.count for step in plan.steps if not step.is_wanted)
    return Estimate(plan.rows, size, plan.rows / rate, rate, is_measured, _free(), set_aside, owners)


def row_sizes(statistics: Statistics) -> Mapping[str, int]:
    """Bytes of a row with its indexes, by type."""
    measured = {
        one.type: (one.size or 0) // one.rows for one in statistics.tables if one.rows >= _MEASURED_FROM
    }
    return {
        type: measured.get(type) or _USUAL_SIZES.get(recipe.table, _SOME_SIZE)
        for type, recipe in BY_TYPE.items()
    }


def usual_rate(statistics: Statistics) -> tuple[float, bool]:
    """Rows a second, and whether a run here has shown it: the largest, for in a small one the rows are the
    least part of the work."""
    timed = [run for run in statistics.runs if run.finished_at and run.rows >= _TIMED_FROM and run.rate]
    if not timed:
        return _USUAL_RATE, False
    return max(timed, key=lambda run: run.rows).rate, True


def _free() -> int | None:
    with closing_connection(current_settings().database, _TIMEOUT) as (adapter, connection):
        folder = adapter.data_folder(connection)
    return shutil.disk_usage(folder).free if folder else None


def in_words(run: RunFacts) -> str:
    """Of which types a run has how many: "users 1,000, ssh 1,600"."""
    counts: dict[str, int] = {}
    for part in run.parts:
        counts[part.recipe.type] = counts.get(part.recipe.type, 0) + part.wanted
    return ", ".join(f"{type} {count:,}" for type, count in counts.items()) or plural(0, "row")
