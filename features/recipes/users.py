"""Users: names from thirteen countries, tiers, growth over three years."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from features.recipes.fate import fate_of
from features.recipes.moments import begin_texts, day_between, joining_days_of, last_day
from features.recipes.recipe import Block, Field, Recipe, Values, always, pick
from features.recipes.rows import Owner
from features.recipes.words import first_names, last_names

_FIRST, _LAST = 900, 2_300  # names in the pools
PAIRS = _FIRST * _LAST
ROUNDS = 1_000  # how often the pairs may be gone through, each time with other figures behind the name
_STRIDE = 1_299_709  # a prime, so that it comes to each pair before it comes to one again
_DOMAINS = ("example.com", "example.com", "example.net", "example.org")


def username_of(seed: int, position: int) -> str:
    """The user name at that position of a seed, which is there once; other seeds give the same name other
    figures, so that they seldom meet."""
    return _usernames_of(seed, (position,))[0]


def owners(block: Block) -> list[Owner]:
    """Who each row of the block belongs to."""
    return [block.rows.owner(position) for position in block.positions]


def _fates(block: Block) -> list[int]:
    return list(map(block.rows.fate, block.positions))


def _usernames(block: Block) -> Values:
    return _usernames_of(block.rows.seed, block.positions)


def _usernames_of(seed: int, positions: Sequence[int]) -> list[str]:
    first, last, offset = first_names(), last_names(), _offset(seed)
    made = []
    for position in positions:
        pair = (position * _STRIDE + offset) % PAIRS
        figures = (pair * 7919 + offset) % 9_000 + 1_000
        name = f"{first[pair % _FIRST][1]}.{last[pair // _FIRST][1]}{figures}"
        made.append(name if position < PAIRS else f"{name}.{position // PAIRS}")
    return made


def _emails(block: Block) -> Values:
    return [
        f"{name}@{_DOMAINS[fate >> 60 & 3]}"
        for name, fate in zip(block.of(_usernames), block.of(_fates), strict=True)
    ]


def _names(block: Block) -> Values:
    first, last, offset = first_names(), last_names(), _offset(block.rows.seed)
    pairs = [(position * _STRIDE + offset) % PAIRS for position in block.positions]
    return [f"{first[pair % _FIRST][0]} {last[pair // _FIRST][0]}" for pair in pairs]


def _joining_days(block: Block) -> list[int]:
    return joining_days_of(block.rows.seed, block.of(_fates))


def _joined(block: Block) -> Values:
    fates = block.of(_fates)
    return begin_texts(zip(block.of(_joining_days), [fate >> 12 & 0xFFF for fate in fates], strict=True))


def _changed(block: Block) -> Values:
    last, fates = last_day(block.rows.seed), block.of(_fates)
    return begin_texts(
        (day_between(joined, last, fate), fate >> 8 & 0xFFF)
        for joined, fate in zip(block.of(_joining_days), fates, strict=True)
    )


@cache
def _offset(seed: int) -> int:
    return fate_of(seed, "names")(0)


USERS = Recipe(
    "users",
    "user",
    (
        Field("username", lambda block: block.of(_usernames)),
        Field("email", _emails),
        Field("name", _names),
        Field("password_hash", always("")),  # nobody can sign in as one
        Field("role", pick({"viewer": 23, "operator": 2})),
        Field("subscription_tier", pick({"free": 70, "pro": 22, "team": 8})),
        Field("is_active", pick({1: 91, 0: 9})),
        Field("created_at", _joined),
        Field("updated_at", _changed),
    ),
    unique=("username", "email"),
    # Who comes in, and as what, is for people to say: repeating a seed lets nobody in and makes nobody less.
    kept=("password_hash", "role", "is_active", "subscription_tier"),
    spared=(
        ("role", "admin"),
    ),  # no seed makes one, so a person did; and somebody must be left to administer
    witness="created_at",
    room=PAIRS * ROUNDS,
    about="Accounts with roles and tiers, come over three years",
)
