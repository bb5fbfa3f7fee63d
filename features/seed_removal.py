"""Seeded rows taken out again: exactly those the ledger knows, and never what people made or hangs on."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import timedelta

from core.clock import utc_now
from core.errors import Conflict
from core.progress import Operation, operation
from core.text import plural
from database.context import current_settings
from database.seeding import Filler, Pointer, count_rows
from features.recipes.book import BY_TYPE
from features.recipes.recipe import Recipe
from features.recipes.rows import Rows
from features.seed_indexes import opened_filler
from features.seed_parts import Family, PartFacts, dependents_of, read_parts, target_of
from features.seed_runs import list_runs, mark_undone, read_run_of
from models import db

MANY = 1_000_000  # runs


@dataclass(frozen=True)
class Removal:
    """What was removed: (table, rows) pairs; `kept` are rows that something of people's hangs on,
    and users whom people made admins."""

    rows: tuple[tuple[str, int], ...]
    kept: int

    @property
    def total(self) -> int:
        """Rows removed."""
        return sum(count for _, count in self.rows)


@operation("data.clean", title="Clean seeded rows of {database}", target="{database}", attempts=3)
def clean_seeded(op: Operation, database: str, types: list[str]) -> Removal:
    """Remove what seeding made of those types, and the seeded rows that belong to it. Raises ServerError,
    OperationCancelled: what is left is in the ledger still."""
    with opened_filler(op, database, current_settings().database, removing=True) as filler:
        return remove_types(op, filler, database, types)


@operation("data.undo", title="Undo a seeding of {database}", target="{database}", attempts=3)
def undo_run(op: Operation, database: str, run: str) -> Removal:
    """Remove the rows of one run, and the seeded rows that belong to them. Raises NotFound, Conflict for one
    that is undone."""
    found = read_run_of(database, run)
    if not found.is_undoable and found.finished_at:
        raise Conflict("The rows of this run are removed already.")
    with opened_filler(op, database, current_settings().database, removing=True) as filler:
        ids = [part.id for part in found.parts]
        parts = read_parts(found.database)
        removal = remove_parts(op, filler, dependents_of(ids, parts), parts)
    mark_undone([run], [])
    return removal


@operation("data.clean_old", title="Clean old seeded rows of {database}", target="{database}", attempts=3)
def clean_old(
    op: Operation, database: str, *, older_than_hours: float, types: list[str], users: bool
) -> Removal:
    """Remove what runs that began so many hours ago or earlier made of those types; seeded users go only
    where `users` says so. Raises as `clean_seeded`."""
    limit = utc_now() - timedelta(hours=older_than_hours)
    tables = {BY_TYPE[type].table for type in types if users or type != "users"}
    if users:
        tables |= {BY_TYPE[type].table for type in ("users", "sign-ins")}
    old = {run.id for run in list_runs(database, MANY) if run.started_at <= limit}
    parts = read_parts(database)
    chosen = [part.id for part in parts if part.run_id in old and part.table in tables]
    with opened_filler(op, database, current_settings().database, removing=True) as filler:
        return remove_parts(op, filler, dependents_of(chosen, parts), parts)


def remove_types(op: Operation, filler: Filler, database: str, types: Collection[str]) -> Removal:
    """As `clean_seeded`, where somebody holds the connections."""
    parts = read_parts(database)
    return remove_parts(op, filler, _parts_of_types(types, parts), parts)


def plan_removal(database: str, types: Collection[str]) -> tuple[tuple[str, int], ...]:
    """What `remove_types` would take out, as tables and their rows that are there; that something of people's
    hangs on is not told here."""
    chosen = [part for part in _parts_of_types(types, read_parts(database)) if part.first_key is not None]
    ranges = [(target_of(part.recipe), part.first_key or 0, part.last_key) for part in chosen]
    counts = count_rows(current_settings().database, ranges) if ranges else ()
    rows: dict[str, int] = {}
    for part, count in zip(chosen, counts, strict=True):
        rows[part.table] = rows.get(part.table, 0) + count
    return tuple((table, count) for table, count in rows.items() if count)


def in_one_line(rows: Sequence[tuple[str, int]]) -> str:
    """Tables and their rows in words: "5 rows of session and 3 rows of user"; "" for none."""
    words = [f"{plural(count, 'row')} of {table}" for table, count in rows]
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))


def _parts_of_types(types: Collection[str], parts: Sequence[PartFacts]) -> tuple[PartFacts, ...]:
    """The parts of those types, and all that belong to them."""
    tables = {BY_TYPE[type].table for type in types}
    if "user" in tables:
        tables.add(BY_TYPE["sign-ins"].table)
    return dependents_of([part.id for part in parts if part.table in tables], parts)


def remove_parts(
    op: Operation, filler: Filler, parts: Sequence[PartFacts], all_parts: Sequence[PartFacts]
) -> Removal:
    """Remove the rows of `parts`, which come before what they depend on; `all_parts` are all there are."""
    removed: dict[str, int] = {}
    kept, family = 0, Family(all_parts)
    for part in parts:
        count = _remove(op, filler, part, family)
        left = filler.count(target_of(part.recipe), part.first_key, part.last_key) if part.first_key else 0
        removed[part.table] = removed.get(part.table, 0) + count
        kept += min(left, part.wanted - count)
        mark_undone([part.run_id], [part.id])
    if kept:
        op.note(f"{plural(kept, 'row')} stay: something that people made hangs on them, or they are admins.")
    return Removal(tuple((table, count) for table, count in removed.items() if count), kept)


def _remove(op: Operation, filler: Filler, part: PartFacts, family: Family) -> int:
    """How many rows of one part are gone."""
    if part.first_key is None:
        return 0
    target, pointers, rows = target_of(part.recipe), _pointers_to(part.table), family.rows(part.id)
    op.phase(f"Remove {part.recipe.type}", total=part.wanted, unit="row")
    removed = 0
    for start in range(part.first, part.first + part.wanted, filler.batch):
        stop = min(part.first + part.wanted, start + filler.batch)
        if filler.keys_return:
            witnesses = _witnesses(part.recipe, rows, start, stop)
            removed += filler.remove_witnessed(target, part.recipe.witness, witnesses, pointers)
        else:
            removed += filler.remove(target, rows.key_of(start), rows.key_of(stop - 1), pointers)
        op.advance(stop - start)
    return removed


def _witnesses(recipe: Recipe, rows: Rows, start: int, stop: int) -> list[tuple[int, object]]:
    position = recipe.columns.index(recipe.witness)
    return [(int(row[0] or 0), row[position]) for row in recipe.make(rows, start, stop)]


def _pointers_to(table: str) -> tuple[Pointer, ...]:
    """Every column that refers to one of a table."""
    return tuple(
        Pointer(other.name, (key.parent.name,), (key.column.name,))
        for other in db.metadata.sorted_tables
        for key in other.foreign_keys
        if key.column.table.name == table
    )
