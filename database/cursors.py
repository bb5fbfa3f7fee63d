"""The cursor of a list: where its next page begins, as text that means nothing to whoever carries it. It
holds no more than the last row that they have seen, so nothing is lost when somebody makes one up."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from core.errors import InvalidInput

_LONGEST = 2000  # characters; a name of 254 letters of four bytes fits
_LARGEST = 2**63 - 1


def write_cursor(stretch: int, values: Sequence[Any]) -> str:
    """The cursor behind the row with those values, in the stretch of that number."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    text = json.dumps([stretch, *plain], separators=(",", ":"), ensure_ascii=False)
    return urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(cursor: str, types: Sequence[tuple[type, ...]]) -> tuple[int, tuple[Any, ...]]:
    """The stretch and the values of a cursor; `types` are those of the values, stretch by stretch. Raises
    InvalidInput for what this list cannot have written."""
    try:
        stretch, *values = _decoded(cursor)
        wanted = types[stretch] if type(stretch) is int and stretch >= 0 else ()
        read = tuple(_value(value, kind) for value, kind in zip(values, wanted, strict=True))
        if read:
            return stretch, read
    except (ValueError, TypeError, IndexError, OverflowError, RecursionError):
        pass
    raise InvalidInput("That is no place in this list.", hint="Begin at its start again.")


def _decoded(cursor: str) -> Any:
    if len(cursor) > _LONGEST:
        raise ValueError
    return json.loads(urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)))


def _value(value: Any, kind: type) -> Any:
    if kind is datetime:
        return _moment(value)
    if type(value) is not kind:
        raise ValueError
    if isinstance(value, str) and ("\0" in value or not value.isascii() and not value.encode()):
        raise ValueError  # one server refuses a NUL with an error of its driver; half a letter cannot be sent
    if isinstance(value, int) and abs(value) > _LARGEST:
        raise ValueError
    return value


def _moment(value: Any) -> datetime:
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None or not 1900 < moment.year < 9999:
        raise ValueError
    return moment.astimezone(UTC)
