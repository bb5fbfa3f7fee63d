"""Sign-ins and sign-outs of the last weeks, two rows a visit."""

from __future__ import annotations

from features.recipes.fate import fate_of
from features.recipes.moments import begin_text, day_between, end_text, last_day
from features.recipes.recipe import Block, Field, Recipe, Values
from features.recipes.rows import Owner
from features.recipes.users import username_of

_DAYS = 60
_AGENTS = (
    "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0",
    "Mozilla/5.0 (Macintosh) Safari/605.1",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0",
)


def _visitors(block: Block) -> list[Owner]:
    """Both rows of a visit are of the same user."""
    return [block.rows.owner(position // 2) for position in block.positions]


def _times(block: Block) -> Values:
    last, fate = last_day(block.rows.seed), fate_of(block.rows.seed, "visits")
    made = []
    for position, owner in zip(block.positions, block.of(_visitors), strict=True):
        chance = fate(position // 2)
        day = day_between(max(owner.joined, last - _DAYS), last, chance)
        made.append((end_text if position % 2 else begin_text)(day, chance & 0xFFF))
    return made


def _addresses(block: Block) -> Values:
    return [f"192.0.2.{owner.fate % 250 + 2}" for owner in block.of(_visitors)]


SIGN_INS = Recipe(
    "sign-ins",
    "user_log",
    (
        Field("user_id", lambda block: [owner.key for owner in block.of(_visitors)]),
        Field(
            "username",
            lambda block: [username_of(owner.seed, owner.position) for owner in block.of(_visitors)],
        ),
        Field("action", lambda block: ["logout" if one % 2 else "login" for one in block.positions]),
        Field("timestamp", _times),
        Field("ip_address", _addresses),
        Field("user_agent", lambda block: [_AGENTS[owner.fate % 3] for owner in block.of(_visitors)]),
    ),
    parents=("user",),
    each=20,
    witness="timestamp",
    about="Sign-ins and sign-outs of the last 60 days",
)
