"""Rows as the servers read many of them at once: a line for each."""

from __future__ import annotations

from typing import Any

from database.adapters.seed_targets import Rows


def lines_of(rows: Rows) -> bytes:
    r"""Rows as COPY and LOAD DATA read them: tabs between values, \N for none, backslashes before what would
    be misread. The separators stand as control characters until everything else is escaped at once."""
    line = "\x1f".join(["%s"] * len(rows[0]))
    text = "\x1e".join([line % (row if None not in row else _marked(row)) for row in rows])
    for plain, written in _ESCAPES:
        if plain in text:
            text = text.replace(plain, written)
    return f"{text}\n".encode()


def _marked(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple("\x1d" if value is None else value for value in row)


_ESCAPES = (
    ("\\", "\\\\"),
    ("\t", "\\t"),
    ("\n", "\\n"),
    ("\r", "\\r"),
    ("\x1f", "\t"),
    ("\x1e", "\n"),
    ("\x1d", "\\N"),
)
