"""Finding users by what was typed: beginnings everywhere, and parts where the server has an index for it."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import ColumnElement, not_, or_

from core.naming import fold
from core.text import visible
from database.listing import Stretch, begins_with
from features.part_index import has_part_index
from models import User

_LONGEST = 254  # characters; no column is longer
_SHORTEST_PART = 3  # characters; an index of trigrams finds no less


def search_stretches(search: str, order: Stretch) -> tuple[Stretch, ...]:
    """The users that `search` finds: in that order where their parts are searched; else those whose username
    begins so, then those whose email does, then those whose name does, each in turn by its own index."""
    typed = _typed(search)
    if searches_within(search):
        return (replace(order, which=(*order.which, _holds(typed))),)
    before: list[ColumnElement[bool]] = []
    stretches = []
    for column, key, beginning in _beginnings(typed):
        found = begins_with(column, beginning)
        stretches.append(Stretch(column, key, which=(found, *(not_(one) for one in before))))
        before.append(found)
    return tuple(stretches)


def searches_within(search: str) -> bool:
    """True where parts of names are found, and not beginnings alone. Needs an application context. Raises
    ServerError."""
    return len(_typed(search)) >= _SHORTEST_PART and has_part_index()


def _typed(search: str) -> str:
    return visible(search.strip()[:_LONGEST])


def _beginnings(typed: str) -> tuple[tuple[object, object, str], ...]:
    """Names are kept as people write them, so they are looked for as typed and with capitals."""
    folded = fold(typed)
    names = dict.fromkeys((typed, typed[:1].upper() + typed[1:], typed.title()))
    return (
        (User.username, None, folded),
        (User.email, None, folded),
        *((User.name, User.id, one) for one in names),
    )


def _holds(typed: str) -> ColumnElement[bool]:
    folded = fold(typed)
    within = [column.contains(folded, autoescape=True) for column in (User.username, User.email)]
    pattern = "".join(f"/{letter}" if letter in "/%_" else letter for letter in typed)
    return or_(*within, User.name.ilike(f"%{pattern}%", escape="/"))
