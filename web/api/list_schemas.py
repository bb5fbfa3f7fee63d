"""What the lists of the API have in common: where a part begins, how long it is, the form of an export."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from marshmallow import Schema, ValidationError, fields
from marshmallow.validate import Length, OneOf, Range

from core.exports import FORMATS

_LONGEST_LIST = 200
_FIRST_YEAR, _LAST_YEAR = 1970, 9998


class ListQuerySchema(Schema):
    """Which part of a list."""

    cursor = fields.String(
        load_default="",
        validate=Length(max=2000),
        metadata={"description": "The next_cursor of the part before; empty for the first."},
    )
    limit = fields.Integer(load_default=50, validate=Range(1, _LONGEST_LIST))


class ExportQuerySchema(Schema):
    """In which form."""

    form = fields.String(load_default="csv", validate=OneOf(FORMATS))


class Choice(fields.String):
    """A filter: one of these words, "" for all, which a refusal does not name."""

    def __init__(self, words: Iterable[str]) -> None:
        named = list(words)
        one_of = OneOf(["", *named])
        one_of.choices_text = ", ".join(named)
        super().__init__(load_default="", validate=one_of)


class Word(fields.String):
    """A filter: a word of at most 255 characters, "" for all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_default="", validate=Length(max=255), **kwargs)


def _check_year(moment: datetime) -> None:
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        raise ValidationError(f"A year from {_FIRST_YEAR} to {_LAST_YEAR}.")


class Moment(fields.AwareDateTime):
    """A filter: a moment with its zone, of a year that has room for every zone and every server."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(load_default=None, validate=_check_year, **kwargs)


def parted(asked: dict[str, Any], *names: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """What was asked for, as the filter and as `names` with the rest."""
    rest = {name: asked.pop(name) for name in names}
    return asked, rest
