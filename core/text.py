"""Words for numbers, and hostile text made harmless: what pages, commands and logs print the same way."""

from __future__ import annotations

import re
import unicodedata

_UNITS = ("bytes", "kB", "MB", "GB", "TB", "PB")


def visible(text: str) -> str:
    """`text` with every control, format and bidirectional character written as an escape, line breaks
    included: one line stays one line on a terminal and in a log (TRUST section 1.2, W2)."""
    if text.isprintable():  # nearly all is, and pages ask this of every word
        return text
    return "".join(_escape(char) if unicodedata.category(char) in _HIDDEN else char for char in text)


def size(count: int) -> str:
    """A number of bytes as people read it, powers of 1000: 1234567 is "1.2 MB"."""
    value = float(count)
    for unit in _UNITS:
        if round(value, 1) < 1000 or unit == _UNITS[-1]:
            return f"{count} bytes" if unit == "bytes" else f"{value:.1f} {unit}"
        value /= 1000
    raise AssertionError("unreachable")


def about(count: int, *, exact: bool = False) -> str:
    """A number of rows as people read it: "1,234" where counted, else "about 184,300", "about 10.0 M"."""
    if exact:
        return f"{count:,}"
    if count >= 1_000_000:
        return f"about {count / 1_000_000:,.1f} M"
    step = 10 ** max(0, len(str(count)) - 4)
    return f"about {round(count / step) * step:,}"


def duration(seconds: float) -> str:
    """A duration as people read it: "under 1 ms", "12 ms", "3.4 s", "2 min 51 s", "36 h 32 min"."""
    if seconds < 0.001:
        return "under 1 ms"
    if round(seconds * 1000) < 1000:
        return f"{round(seconds * 1000)} ms"
    if round(seconds, 1) < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def plural(count: int, word: str) -> str:
    """ "1 table", "2 tables", "3,503 rows"."""
    return f"{count:,} {word if count == 1 else several(word)}"


def several(word: str) -> str:
    """More than one of `word`: "rows", "keys", but "entries" and "indexes"."""
    if re.search("[^aeiou]y$", word):
        return f"{word[:-1]}ies"
    return f"{word}es" if re.search("([sxz]|[cs]h)$", word) else f"{word}s"


_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _escape(char: str) -> str:
    number = ord(char)
    if number < 256:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 65536 else f"\\U{number:08x}"
