"""Terminal sessions: on a profile or none, on one of the user's devices, for minutes or hours."""

from __future__ import annotations

from features.recipes.moments import Moment, begin_text, day_between, end_text, last_day
from features.recipes.recipe import Block, Field, Recipe, Values, pick
from features.recipes.rows import Owner, Rows
from features.recipes.users import owners

_DEVICES = ("laptop", "desktop", "phone", "tablet", "workstation")
_TERMINALS = {(24, 80): 9, (50, 160): 6, (60, 211): 3, (38, 120): 4, (30, 54): 2}


def device_of(owner: Owner, fate: int) -> str:
    """One of the one to three devices that a user has."""
    return _DEVICES[(owner.fate + fate % (1 + owner.fate % 3)) % 5]


def started(rows: Rows, position: int, owner: Owner) -> Moment:
    """When the session at that position began; it ends the same day."""
    fate = rows.fate(position)
    return day_between(owner.joined, last_day(rows.seed), fate), fate & 0xFFF


def _profiles(block: Block) -> Values:
    links = [block.rows.link("ssh_profile", position) for position in block.positions]
    return [link.key if link else None for link in links]


def _devices(block: Block) -> Values:
    fate = block.rows.fate
    return [
        device_of(owner, fate(position) >> 33)
        for owner, position in zip(block.of(owners), block.positions, strict=True)
    ]


def _begins(block: Block) -> list[Moment]:
    return [
        started(block.rows, position, owner)
        for position, owner in zip(block.positions, block.of(owners), strict=True)
    ]


def _started(block: Block) -> Values:
    return [begin_text(*begin) for begin in block.of(_begins)]


def _ended(block: Block) -> list[str]:
    return [end_text(*begin) for begin in block.of(_begins)]


_sizes = pick(_TERMINALS)

SESSIONS = Recipe(
    "sessions",
    "session",
    (
        Field("user_id", lambda block: [owner.key for owner in block.of(owners)]),
        Field("ssh_profile_id", _profiles),
        Field("device", _devices),
        Field("rows", lambda block: [rows for rows, _ in block.of(_sizes)]),
        Field("columns", lambda block: [columns for _, columns in block.of(_sizes)]),
        Field("started_at", _started),
        Field("ended_at", lambda block: block.of(_ended)),
        Field("last_active_at", lambda block: block.of(_ended)),
    ),
    parents=("user", "ssh_profile"),
    each=20,
    witness="started_at",
    about="Terminal sessions with device, size and length",
)
