"""SSH profiles: hosts, ports, real fingerprints, how often used."""

from __future__ import annotations

from features.recipes.moments import begin_text, day_between, last_day
from features.recipes.recipe import Block, Field, Recipe, Values, number, pick
from features.recipes.users import owners, username_of
from features.recipes.words import hosts, keys

_OPTIONS = {'{"ServerAliveInterval": 30}': 10, "{}": 6, '{"ForwardAgent": false, "Port": 2222}': 1}
_ACCOUNTS = ("deploy", "ubuntu", "admin", "", "", "root", "", "git")  # "" is one's own


def _usernames(block: Block) -> Values:
    return [
        _ACCOUNTS[owner.fate >> 5 & 7] or username_of(owner.seed, owner.position).partition(".")[0]
        for owner in block.of(owners)
    ]


def _by_key(block: Block) -> list[bool]:
    return [block.random.random() < 0.8 for _ in block.positions]


def _methods(block: Block) -> Values:
    return ["key" if by_key else "password" for by_key in block.of(_by_key)]


def _kinds(block: Block) -> Values:
    """A user has one key, whatever the host."""
    pool = keys()
    return [
        pool[owner.fate % len(pool)].kind if by_key else ""
        for owner, by_key in zip(block.of(owners), block.of(_by_key), strict=True)
    ]


def _fingerprints(block: Block) -> Values:
    pool = keys()
    return [
        pool[owner.fate % len(pool)].fingerprint if by_key else ""
        for owner, by_key in zip(block.of(owners), block.of(_by_key), strict=True)
    ]


def _made(block: Block) -> list[tuple[int, int]]:
    """Day and fate of each."""
    fate, last = block.rows.fate, last_day(block.rows.seed)
    fates = [fate(position) for position in block.positions]
    return [
        (day_between(owner.joined, last, one), one)
        for owner, one in zip(block.of(owners), fates, strict=True)
    ]


def _created(block: Block) -> Values:
    return [begin_text(day, fate & 0xFFF) for day, fate in block.of(_made)]


def _last_used(block: Block) -> Values:
    last = last_day(block.rows.seed)
    return [
        begin_text(day_between(day, last, fate >> 7) if day < last else day, fate & 0xFFF)
        if fate >> 61
        else None
        for day, fate in block.of(_made)
    ]


SSH = Recipe(
    "ssh",
    "ssh_profile",
    (
        Field("user_id", lambda block: [owner.key for owner in block.of(owners)]),
        Field("host", lambda block: block.random.choices(hosts(), k=len(block.positions))),
        Field("port", pick({22: 30, 2222: 5, 2200: 1})),
        Field("username", _usernames),
        Field("auth_method", _methods),
        Field("key_type", _kinds),
        Field("fingerprint", _fingerprints),
        Field("options", pick(_OPTIONS)),
        Field("use_count", number(0, 900)),
        Field("last_used_at", _last_used),
        Field("created_at", _created),
    ),
    parents=("user",),
    each=3,
    witness="created_at",
    about="SSH profiles, more for those who are often here",
)
