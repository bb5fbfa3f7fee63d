"""Sync records: what a device has of each kind of data, version by version, some in conflict."""

from __future__ import annotations

from features.recipes.moments import begin_text, day_between, last_day
from features.recipes.recipe import BLOCK, Block, Field, Recipe, Values, number, pick
from features.recipes.sessions import device_of
from features.recipes.users import owners

_KINDS = {"commands": 5, "ssh_profiles": 3, "preferences": 2, "snippets": 2, "history": 4}
_WAYS = ("local", "remote", "merged", "")  # "" is not settled yet


def _devices(block: Block) -> Values:
    fate = block.rows.fate
    return [
        device_of(owner, fate(position))
        for owner, position in zip(block.of(owners), block.positions, strict=True)
    ]


def _conflicts(block: Block) -> Values:
    return [int(block.random.random() < 0.12) for _ in block.positions]


def _resolutions(block: Block) -> Values:
    ways = block.random.choices(_WAYS, k=BLOCK)
    return [way if conflict else "" for way, conflict in zip(ways, block.of(_conflicts), strict=True)]


def _details(block: Block) -> Values:
    return [f'{{"entries": {count}}}' for count in block.of(_entries)]


def _synced(block: Block) -> Values:
    fate, last = block.rows.fate, last_day(block.rows.seed)
    return [
        begin_text(day_between(owner.joined, last, chance), chance & 0xFFF)
        for owner, chance in zip(block.of(owners), map(fate, block.positions), strict=True)
    ]


_entries = number(1, 400)

SYNC = Recipe(
    "sync",
    "sync_data",
    (
        Field("user_id", lambda block: [owner.key for owner in block.of(owners)]),
        Field("device", _devices),
        Field("data_type", pick(_KINDS)),
        Field("version", number(1, 60)),
        Field("conflict", lambda block: block.of(_conflicts)),
        Field("resolution", _resolutions),
        Field("metadata", _details),
        Field("synced_at", _synced),
    ),
    parents=("user",),
    each=8,
    witness="synced_at",
    about="Sync records for each device",
)
