"""The last defence of rule 3: what a run could know as a secret is taken out of all it says.

A feature reports names and numbers, never secrets. Where a driver's or a program's text slips one in
all the same, it is hidden before any listener, row or log sees it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from typing import Any

from core.errors import AppError
from core.progress import Event, Noted, PhaseStarted, Started
from core.secrets import redact

_LONGEST = 8000  # characters of one text; more would say no more
_SECRET_NAME = re.compile(r"(password|secret|token|key)$")


class Scrubber:
    """Hides the secrets found in `known`: the settings, and the arguments of a feature by name."""

    def __init__(self, *known: Any) -> None:
        # Programs repeat a text as `repr` writes it, too.
        found = {form for one in known for secret in _secrets(one) for form in (secret, repr(secret)[1:-1])}
        self._secrets = tuple(sorted(found))

    def text(self, text: str) -> str:
        """`text` without any known secret, and without the password of any URL."""
        return redact(text, *self._secrets)

    def event(self, event: Event) -> Event:
        """`event` with its texts cleaned."""
        match event:
            case Noted(message):
                # A secret that the first cut left half of goes with the second.
                return Noted(self.text(message[:_LONGEST])[: _LONGEST // 2])
            case PhaseStarted(name):
                return replace(event, name=self.text(name))
            case Started(title=title):
                return replace(event, title=self.text(title))
        return event

    def clean(self, error: AppError) -> None:
        """Clean the texts of `error` in place: whoever catches it shows them."""
        error.message, error.hint = self.text(error.message), self.text(error.hint)
        error.args = (error.message,)


def _secrets(value: Any, name: str = "") -> Iterator[str]:
    """The texts in `value` that must not be seen: dataclass fields kept out of `repr`, and what its name
    calls a secret."""
    if isinstance(value, str):
        if _SECRET_NAME.search(name):
            yield value
    elif is_dataclass(value):
        yield from _dataclass_secrets(value)
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _secrets(inner, str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets(inner, name)


def _dataclass_secrets(value: Any) -> Iterator[str]:
    # A password that equals the name of its own database or user cannot be told from that name.
    open_names = {
        getattr(value, one.name)
        for one in fields(value)
        if one.repr and isinstance(getattr(value, one.name), str)
    }
    for one in fields(value):
        inner = getattr(value, one.name)
        if one.repr or not isinstance(inner, str):
            yield from _secrets(inner, one.name)
        elif inner not in open_names:
            yield inner
