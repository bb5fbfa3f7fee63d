"""Secrets kept out of text: what every message, log line and page passes before a person reads it."""

from __future__ import annotations

import re
from functools import lru_cache
from urllib.parse import quote, quote_plus

HIDDEN = "***"

# The password of a URL reaches to the last @ before a space: one that holds an @ itself is hidden whole.
_IN_URL = re.compile(r"([A-Za-z][\w+.\-]{0,40}://[^\s:/?#@]*):\S+@")
_IN_WORDS = re.compile(r"\b(password|passwd|pwd)(\s*=\s*)('(?:\\.|[^'\\])*'|[^\s&;,'\"]+)", re.IGNORECASE)
# Shorter ones are hidden only where they stand alone: taking every "a" out of a text would give it away.
_SHORT = 4


def redact(text: str, *secrets: str) -> str:
    """`text` with every one of `secrets`, written plainly or as in a URL, and every password in a URL or
    in `password=...`, replaced by ***."""
    known = tuple(secret for secret in secrets if secret)
    return hide_password(_pattern(known).sub(HIDDEN, text) if known else text)


def hide_password(text: str) -> str:
    """`text` with the password of each URL and of each `password=...` in it replaced by ***."""
    return _IN_WORDS.sub(rf"\1\2{HIDDEN}", _IN_URL.sub(rf"\1:{HIDDEN}@", text))


@lru_cache(maxsize=16)
def _pattern(secrets: tuple[str, ...]) -> re.Pattern[str]:
    forms = {form for secret in secrets for form in (secret, quote(secret, safe=""), quote_plus(secret))}
    # The longest first, so that one secret inside another leaves no rest behind.
    return re.compile("|".join(_as_pattern(form) for form in sorted(forms, key=len, reverse=True)))


def _as_pattern(form: str) -> str:
    return re.escape(form) if len(form) >= _SHORT else rf"(?<!\w){re.escape(form)}(?!\w)"
