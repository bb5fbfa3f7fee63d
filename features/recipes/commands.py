"""Commands: typed in a session or out of one, some failed, some suggested and explained."""

from __future__ import annotations

from features.recipes.moments import begin_text, day_between, last_day, soon_text
from features.recipes.recipe import BLOCK, Block, Field, Recipe, Value, Values, pick
from features.recipes.rows import Link
from features.recipes.sessions import started
from features.recipes.users import owners
from features.recipes.words import Shape, shapes

_ENVIRONMENTS = {'{"LANG": "C.UTF-8"}': 9, '{"LANG": "C.UTF-8", "TERM": "xterm-256color"}': 5, "{}": 2}


def _shapes(block: Block) -> list[Shape]:
    return block.random.choices(shapes(), k=BLOCK)


def _sessions(block: Block) -> list[Link | None]:
    return [block.rows.link("session", position) for position in block.positions]


def _of_shape(attribute: str) -> Field:
    def make(block: Block) -> list[Value]:
        return [getattr(shape, attribute) for shape in block.of(_shapes)]

    return Field(attribute, make)


def _durations(block: Block) -> Values:
    chance = block.random.random
    return [round(shape.seconds * (0.7 + 0.9 * chance()), 3) for shape in block.of(_shapes)]


def _created(block: Block) -> Values:
    """Within the first minute of the session, or on any day since the user came."""
    fate, last = block.rows.fate, last_day(block.rows.seed)
    made = []
    for position, link, owner in zip(block.positions, block.of(_sessions), block.of(owners), strict=True):
        chance = fate(position)
        if link:
            made.append(soon_text(*started(link.rows, link.position, owner), chance))
        else:
            made.append(begin_text(day_between(owner.joined, last, chance), chance & 0xFFF))
    return made


COMMANDS = Recipe(
    "commands",
    "command",
    (
        Field("user_id", lambda block: [owner.key for owner in block.of(owners)]),
        Field("session_id", lambda block: [link.key if link else None for link in block.of(_sessions)]),
        _of_shape("text"),
        _of_shape("output"),
        _of_shape("error"),
        _of_shape("exit_code"),
        Field("duration", _durations),
        Field("working_dir", lambda block: [shape.folder for shape in block.of(_shapes)]),
        Field("environment", pick(_ENVIRONMENTS)),
        Field("ai_suggested", lambda block: [int(bool(shape.explanation)) for shape in block.of(_shapes)]),
        _of_shape("explanation"),
        Field("created_at", _created),
    ),
    parents=("user", "session"),
    each=40,
    witness="created_at",
    about="Commands with output, exit code and length",
)
