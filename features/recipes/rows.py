"""Which seeded rows belong to which: every row finds its parent by its own position alone, so that any part
of any table can be made by itself."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

from features.recipes.fate import Fate, fate_of
from features.recipes.moments import joining_day

# How many of 16 rows have such a parent, where they may do without.
_SHARES = {("session", "ssh_profile"): 11, ("command", "session"): 14}
_THROUGH = ("session", "ssh_profile")  # a row belongs to the user of these, where it has one


class Owner(NamedTuple):
    """The user a row belongs to: their key, their stream and position, which say who they are, what chance
    gave them, and the day they came."""

    key: int
    seed: int
    position: int
    fate: int
    joined: int


@dataclass(frozen=True)
class Rows:
    """Rows of one table: `count` of the stream of `seed` from position `first` on, their keys from
    `first_key` on. `each` is how many there are for every user; None leaves it to chance, which gives few
    users much and many little."""

    table: str
    seed: int
    first: int
    count: int
    first_key: int
    parents: Mapping[str, Group]
    each: int | None = None

    @cached_property
    def fate(self) -> Fate:
        """What comes of each position."""
        return fate_of(self.seed, self.table)

    @cached_property
    def _links(self) -> Fate:
        return fate_of(self.seed, f"{self.table} links")

    def key_of(self, position: int) -> int:
        """The key of the row at that position."""
        return self.first_key + position - self.first

    def link(self, table: str, position: int) -> Link | None:
        """The parent in `table` of the row at that position, if it has one."""
        group = self.parents.get(table)
        if group is None:
            return None
        if self.each:
            return group.at(min((position - self.first) // self.each, group.total - 1))
        fate = self._links(position)
        if fate & 15 >= _SHARES.get((self.table, table), 16):
            return None
        share = (fate >> 12) / 2**52
        return group.at(int(group.total * share * share))

    def owner(self, position: int) -> Owner:
        """The user whom the row at that position belongs to; for users, that user."""
        if self.table == "user":
            fate = self.fate(position)
            return Owner(self.key_of(position), self.seed, position, fate, joining_day(self.seed, fate))
        for table in self._ways:
            if found := self.link(table, position):
                return found.rows.owner(found.position)
        raise LookupError(f"rows of {self.table} have no user to belong to")

    @cached_property
    def _ways(self) -> tuple[str, ...]:
        return tuple(table for table in (*_THROUGH, "user") if table in self.parents)


class Link(NamedTuple):
    """One row, as others refer to it."""

    rows: Rows
    position: int

    @property
    def key(self) -> int:
        """Its key."""
        return self.rows.key_of(self.position)


class Group:
    """Rows of one table from several runs, counted through."""

    def __init__(self, members: Sequence[Rows]) -> None:
        self._members = members
        self._ends = list(accumulate(rows.count for rows in members))
        self.total = self._ends[-1]

    def at(self, index: int) -> Link:
        """The row of that number."""
        number = bisect_right(self._ends, index) if len(self._ends) > 1 else 0
        rows = self._members[number]
        return Link(rows, rows.first + index - (self._ends[number] - rows.count))
