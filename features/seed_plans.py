"""What a seed run will do: which rows of which table, after what is there, and whether there is room."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from core.errors import InvalidInput
from core.text import plural
from features.recipes.book import BY_TABLE, BY_TYPE, ORDER, TYPES
from features.recipes.recipe import Recipe
from features.seed_parts import PartFacts

ALL = "all"
LARGEST_SEED = 2**53 - 1  # what JSON carries whole
LARGEST_COUNT = 10**10


@dataclass(frozen=True)
class Step:
    """Rows to add to one table: `count` from `first` on. `parents` are ids of parts that are there, by table;
    `within` the tables whose parents this very run makes. `each` as in `Rows`."""

    table: str
    first: int
    count: int
    parents: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    within: tuple[str, ...] = ()
    each: int | None = None
    is_wanted: bool = True  # False for users that only own what was wanted

    @property
    def recipe(self) -> Recipe:
        """How they are made."""
        return BY_TABLE[self.table]


@dataclass(frozen=True)
class Repeat:
    """Rows of a part that an upsert brings back to what they were made as: positions `start` to `stop`."""

    part: PartFacts
    start: int
    stop: int


@dataclass(frozen=True)
class SeedPlan:
    """All of it: what is repeated first, then what is added."""

    seed: int
    repeats: tuple[Repeat, ...]
    steps: tuple[Step, ...]

    @property
    def rows(self) -> int:
        """Rows that will be written."""
        return sum(step.count for step in self.steps) + sum(one.stop - one.start for one in self.repeats)


def wishes_of(type: str, count: int) -> dict[str, int]:
    """So many rows of a type, or of each for "all". Raises InvalidInput."""
    if type != ALL and type not in BY_TYPE:
        raise InvalidInput(f'There is no type "{type[:40]}".', hint=f"Types: {ALL}, {', '.join(TYPES)}.")
    return dict.fromkeys(TYPES if type == ALL else (type,), count)


def check_wishes(wishes: Mapping[str, int], seed: int) -> None:
    """Raises InvalidInput for a type or number that cannot be, and names the column that would run out of
    values."""
    if not 0 <= seed <= LARGEST_SEED:
        raise InvalidInput(f"The seed is a whole number from 0 to {LARGEST_SEED}.")
    for type, count in wishes.items():
        if type not in BY_TYPE:
            raise InvalidInput(f'There is no type "{type[:40]}".', hint=f"Types: {', '.join(TYPES)}.")
        if not 0 < count <= LARGEST_COUNT:
            raise InvalidInput(f"The number of {type} is a whole number from 1 to {LARGEST_COUNT:,}.")


def plan_rows(
    wishes: Mapping[str, int],
    seed: int,
    parts: Sequence[PartFacts],
    *,
    upsert: bool = False,
    each: Mapping[str, int] | None = None,
) -> SeedPlan:
    """What fulfils `wishes` where `parts` are there; they are whole, or the rest of runs that were cut off.
    An upsert begins where the seed begins, and repeats what is there already. Raises InvalidInput."""
    check_wishes(wishes, seed)
    wanted = {BY_TYPE[type].table: count for type, count in wishes.items()}
    repeats: list[Repeat] = []
    steps: list[Step] = []
    for table in _with_owners(wanted, seed, parts):
        same = [part for part in parts if part.table == table and part.seed == seed]
        count, is_wanted = wanted.get(table, 0), table in wanted
        if not is_wanted:
            count = _owners_for(wanted)
        spans = [(max((one.first + one.wanted for one in same), default=0), count)]
        if upsert:
            repeats += _repeats(same, count)
            spans = _gaps(same, count)
        for first, length in spans:
            steps.append(_step(table, first, length, seed, parts, steps, (each or {}).get(table), is_wanted))
    plan = SeedPlan(seed, tuple(repeats), tuple(steps))
    _check_room(plan)
    return plan


def _with_owners(wanted: Mapping[str, int], seed: int, parts: Sequence[PartFacts]) -> list[str]:
    """The tables in order; users first, where nobody is there to belong to."""
    there = any(part.table == "user" and part.is_whole for part in parts)
    tables = [table for table in ORDER if table in wanted]
    return tables if "user" in wanted or there else ["user", *tables]


def _owners_for(wanted: Mapping[str, int]) -> int:
    return max(1, *(-(-count // BY_TABLE[table].each) for table, count in wanted.items()))


def _step(
    table: str,
    first: int,
    count: int,
    seed: int,
    parts: Sequence[PartFacts],
    before: Sequence[Step],
    each: int | None,
    is_wanted: bool,
) -> Step:
    """Parents are what this run makes itself; else what the same seed made, else whatever seeding made."""
    within, found = [], {}
    for parent in BY_TABLE[table].parents:
        if any(step.table == parent for step in before):
            within.append(parent)
            continue
        whole = [part for part in parts if part.table == parent and part.is_whole]
        same = [part for part in whole if part.seed == seed]
        found[parent] = tuple(part.id for part in same or whole)
    return Step(table, first, count, found, tuple(within), each, is_wanted)


def _repeats(same: Sequence[PartFacts], count: int) -> list[Repeat]:
    clipped = (
        Repeat(part, part.first, min(count, part.first + part.wanted)) for part in same if part.first < count
    )
    return [one for one in clipped if one.part.first_key is not None]


def _gaps(same: Sequence[PartFacts], count: int) -> list[tuple[int, int]]:
    """Positions below `count` that no part has, as (first, length)."""
    gaps, position = [], 0
    for part in sorted(same, key=lambda one: one.first):
        if part.first >= count:
            break
        if part.first > position:
            gaps.append((position, part.first - position))
        position = part.first + part.wanted
    return [*gaps, (position, count - position)] if position < count else gaps


def _check_room(plan: SeedPlan) -> None:
    for step in plan.steps:
        room = step.recipe.room
        if room is not None and step.first + step.count > room:
            columns = " and ".join(step.recipe.unique)
            raise InvalidInput(
                f"{step.table}.{columns} has {plural(room, 'value')} for seed {plan.seed}, "
                f"and {step.first + step.count:,} are wanted.",
                hint="Nothing was written. Take another --seed, or fewer rows.",
            )
