"""Names: identifiers of our own, and the one form in which user names and addresses are stored."""

from __future__ import annotations

import re
import secrets
import time
import unicodedata
from datetime import UTC, datetime

_LONGEST = 1_000  # no folded column is longer than 254, so a name that was cut is still refused
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base 32: no i, l, o, u
_ID = re.compile(r"[0-9a-z]{26}")


def new_id() -> str:
    """A fresh identifier of 26 characters: 48 bits of milliseconds, then 80 random bits (a ULID in lower
    case), so that identifiers sort by the time they were made."""
    number = (time.time_ns() // 1_000_000 << 80) | secrets.randbits(80)
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def first_id_at(moment: datetime) -> str:
    """The least identifier that is made at `moment` or later: what was made before sorts before it."""
    number = max(0, round(moment.timestamp() * 1000)) << 80
    return "".join(_ALPHABET[number >> shift & 31] for shift in range(125, -1, -5))


def made_at(id: str) -> datetime:
    """When an identifier of our own was made, to the millisecond."""
    milliseconds = 0
    for letter in id[:10]:
        milliseconds = milliseconds << 5 | _ALPHABET.index(letter)
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def is_id(text: str) -> bool:
    """True for what has the form of an identifier of our own. Ask before a database is asked for `text` from
    outside: one refuses a NUL with an error of its driver."""
    return _ID.fullmatch(text) is not None


def fold(text: str) -> str:
    """`text` as it is stored and compared: NFKC, case-folded, no space around it (SPEC section 4). What
    stands beyond the length of any name is cut off first: normalising grows with the square of a run of
    combining marks, and a megabyte of them would hold a process for minutes."""
    short = text[:_LONGEST]
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", short).casefold()).strip()
