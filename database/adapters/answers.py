"""Answers that no database gives: what a server says is not believed before it was looked at."""

from __future__ import annotations

import struct
from typing import Any

from core.errors import ServerError

# What a driver raises beside its own errors when it cannot make out what it was sent.
MISREADINGS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    TypeError,
    ValueError,
    struct.error,
)


class Implausible(ServerError):
    """The server gave an answer that no database gives."""

    hint = "Check that this is the server you mean."


def whole(number: Any) -> int:
    """`number` of a server as an integer of at most 63 bits, not negative. Raises Implausible."""
    try:
        if 0 <= number < 2**63:  # before `int`, which would write out a 1E+99999999
            return int(number)
    except (TypeError, ArithmeticError) as error:
        raise Implausible() from error
    raise Implausible()
