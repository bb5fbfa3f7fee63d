"""The parts of seed runs as facts, and as the rows that others can belong to."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from database.seeding import Target
from database.transactions import transaction
from features.recipes.book import BY_TABLE, ORDER
from features.recipes.recipe import Recipe
from features.recipes.rows import Group, Rows
from models import SeedPart, SeedRun


@dataclass(frozen=True)
class PartFacts:
    """One part: the rows from `first` on of a seed's list for a table, of which `done` of `wanted` are there.
    `parents` are the ids of parts by table."""

    id: int
    run_id: str
    table: str
    seed: int
    first: int
    wanted: int
    done: int
    first_key: int | None
    parents: Mapping[str, tuple[int, ...]]
    each: int | None
    seconds: float
    removed_at: datetime | None

    @property
    def recipe(self) -> Recipe:
        """How its rows are made."""
        return BY_TABLE[self.table]

    @property
    def last_key(self) -> int:
        """The key of its last row."""
        return (self.first_key or 0) + self.wanted - 1

    @property
    def made(self) -> int:
        """Rows it has put in: those that are done, and before them the last, which keeps the keys."""
        return self.done + (self.first_key is not None and self.done < self.wanted)

    @property
    def is_whole(self) -> bool:
        """True when all of its rows were put in."""
        return self.done == self.wanted and self.removed_at is None


def read_parts(database: str) -> tuple[PartFacts, ...]:
    """Every part that is in a database now, in the order in which they were made."""
    mine = select(SeedPart).join(SeedRun, SeedRun.id == SeedPart.run_id).where(SeedRun.database == database)
    with transaction() as session:
        rows = session.scalars(mine.where(SeedPart.removed_at.is_(None)).order_by(SeedPart.id))
        return tuple(part_of(row) for row in rows)


def part_of(row: SeedPart) -> PartFacts:
    """What is known of a row."""
    said = dict(row.parents)
    each = said.pop("each", None)
    return PartFacts(
        row.id,
        row.run_id,
        row.table_name,
        row.seed,
        row.first,
        row.wanted,
        row.done,
        row.first_key,
        {table: tuple(ids) for table, ids in said.items()},
        each,
        row.seconds,
        row.removed_at,
    )


def target_of(recipe: Recipe) -> Target:
    """Where the rows of a recipe go."""
    return Target(recipe.table, recipe.columns, recipe.unique, recipe.kept, recipe.spared, recipe.witness)


class Family:
    """Parts by their ids, as rows with their parents."""

    def __init__(self, parts: Iterable[PartFacts]) -> None:
        self._parts = {part.id: part for part in parts}
        self._rows: dict[int, Rows] = {}

    def rows(self, id: int, first_key: int | None = None) -> Rows:
        """The rows of a part, whose keys begin with `first_key` where the ledger does not say so yet."""
        if id not in self._rows or first_key is not None:
            part = self._parts[id]
            key = part.first_key if first_key is None else first_key
            parents = {table: self._group(ids) for table, ids in part.parents.items() if ids}
            self._rows[id] = Rows(
                part.table, part.seed, part.first, part.wanted, key or 0, parents, part.each
            )
        return self._rows[id]

    def _group(self, ids: Sequence[int]) -> Group:
        return Group([self.rows(id) for id in ids])


def dependents_of(ids: Iterable[int], parts: Sequence[PartFacts]) -> tuple[PartFacts, ...]:
    """The parts with those ids and all that hold rows which belong to theirs, what depends before what it
    depends on."""
    found = set(ids)
    for part in sorted(parts, key=lambda one: ORDER.index(one.table)):
        if any(set(of) & found for of in part.parents.values()):
            found.add(part.id)
    chosen = [part for part in parts if part.id in found]
    return tuple(sorted(chosen, key=lambda one: (-ORDER.index(one.table), -one.id)))
