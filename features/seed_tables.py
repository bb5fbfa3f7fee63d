"""Seeding of any other schema: its tables read as they are, filled parents first, known to the ledger."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from functools import partial

from core.clock import utc_now
from core.errors import InvalidInput
from core.naming import fold, new_id
from core.progress import Operation, operation
from database.context import current_settings
from database.seeding import Entry, Filler, Limits, open_filler
from database.table_shapes import Kind, TableShape, read_shapes
from database.transactions import transaction
from features.databases import find_database
from features.recipes.moments import seed_of_day
from features.seed_filling import see_rows
from features.seed_indexes import indexes_aside, opened_filler
from features.seed_marks import marks_of
from features.seed_runs import RunFacts, end_run
from features.table_fields import check_room, differing_columns, fields_of
from features.table_order import order_tables, with_parents
from features.table_rows import Table, prepare, settle_keys
from models import SeedPart, SeedRun


@operation("data.seed_tables", title="Seed tables of {database}", target="{database}")
def seed_tables(
    op: Operation, database: str, tables: list[str], count: int, *, made_by: str, number: int | None = None
) -> RunFacts:
    """Put `count` rows into each of those tables of a registered database, all of them when none is named,
    and into those they cannot do without. Raises InvalidInput that names each column whose type or check
    cannot be met, before anything is written; NotFound, ServerError."""
    settings = current_settings()
    if fold(database) == fold(settings.database.name):
        raise InvalidInput("The console's own database is filled by types.", hint="Leave --database out.")
    parameters = find_database(database)
    op.phase("Read the schema")
    shapes = read_shapes(parameters)
    seed = _seed_for(number)
    with opened_filler(op, database, parameters, settings.database) as filler:
        run = new_id()
        plan = _plan(filler, shapes, tables, count, seed, mark=run[4:10])
        op.note(f"Seed {seed}: {', '.join(table.shape.name for table in plan)}.")
        _begin_run(run, database, seed, count, plan, made_by, op.id)
        begun, filled = time.monotonic(), dict[str, Table]()
        for table in plan:
            op.phase(f"Seed {table.shape.name}", total=table.count, unit="row")
            _fill(op, filler, run, table, filled)
            filled[table.shape.name] = table
        filler.refresh([table.shape.name for table in plan])
    return end_run(run, seconds=time.monotonic() - begun, updated=0)


def plan_tables(
    database: str, tables: Sequence[str], count: int, number: int | None = None
) -> tuple[tuple[str, int], ...]:
    """What `seed_tables` would do, as (table, rows) pairs in the order in which they are filled. Raises as
    it does."""
    settings, parameters = current_settings(), find_database(database)
    shapes = read_shapes(parameters)
    with open_filler(parameters, settings.database) as filler:
        plan = _plan(filler, shapes, tables, count, _seed_for(number), mark="")
    return tuple((table.shape.name, table.count) for table in plan)


def _plan(
    filler: Filler, shapes: Sequence[TableShape], tables: Sequence[str], count: int, seed: int, mark: str
) -> list[Table]:
    """What is filled, in its order; every check is tried before anything is written."""
    shapes = [replace(one, checks=(*one.checks, *filler.checks(one.name))) for one in shapes]
    names = tables or [shape.name for shape in shapes]
    filled = [one.name for one in shapes if not filler.is_empty(one.name)]
    plan: list[Table] = []
    for turn in order_tables(shapes, with_parents(shapes, names, filled)):
        shape = turn.shape
        fields = fields_of(turn, seed, partial(filler.satisfies, shape.name))
        for name in differing_columns(shape):
            if shape.column(name).kind is Kind.INTEGER and name in fields:
                base = filler.highest(shape.name, name)
                fields[name] = partial(_count_from, base + 1)
        check_room(shape, count)
        table = Table(turn, count, fields, seed, mark)
        settle_keys(table, {one.shape.name: one for one in plan})
        plan.append(table)
    return plan


def _seed_for(number: int | None) -> int:
    return seed_of_day(utc_now().date()) if number is None else number


def _count_from(base: int, fate: int, position: int) -> int:
    return base + position


def _fill(op: Operation, filler: Filler, run: str, table: Table, filled: dict[str, Table]) -> None:
    prepare(table, filler, filled)
    part = _begin_part(run, table)
    with indexes_aside(op, filler, part, table.shape.name, table.count):
        _fill_part(op, filler, part, table)


def _fill_part(op: Operation, filler: Filler, part: int, table: Table) -> None:
    key, first = table.shape.number_key, 0
    if key:
        last = table.count - 1
        first = filler.begin(table.target, part, table.count, lambda own: table.rows(own, last, last + 1))
        table.limits = (Limits(key, first, first + last),)
    _keep_marks(part, table, first)
    done, begun, stop = 0, time.monotonic(), table.count - bool(key)
    while done < table.count:
        rows = table.rows(first, done, min(stop, done + filler.batch))
        after = done + len(rows)
        after = table.count if after >= stop else after
        before = Entry(part, done, 0.0)
        filler.put(table.target, rows, before, Entry(part, after, time.monotonic() - begun))
        op.advance(after - done)
        done = after
    if key:
        see_rows(filler, table.target, first, table.count)


def _begin_run(
    id: str, database: str, seed: int, count: int, plan: Sequence[Table], made_by: str, operation_id: str
) -> None:
    names = ", ".join(f"{table.shape.name} {count:,}" for table in plan)
    with transaction() as session:
        session.add(
            SeedRun(
                id=id,
                database=database,
                made_by=made_by,
                mode="add",
                seed=seed,
                wanted=names,
                operation_id=operation_id,
            )
        )


def _begin_part(run: str, table: Table) -> int:
    with transaction() as session:
        part = SeedPart(
            run_id=run, table_name=table.shape.name, seed=table.seed, first=0, wanted=table.count, parents={}
        )
        session.add(part)
        session.flush()
        return part.id


def _keep_marks(part: int, table: Table, first: int) -> None:
    """By these its rows are found again; written before most of them."""
    marks = {"limits": [asdict(one) for one in table.limits], "marks": marks_of(table, first)}
    with transaction() as session:
        row = session.get(SeedPart, part)
        if row is not None:
            row.parents = marks
