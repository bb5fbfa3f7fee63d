"""Places where a test may end the work as a crash would (TRUST section 4.2); nothing happens elsewhere."""

from __future__ import annotations

from collections.abc import Callable

_listeners: list[Callable[[str], None]] = []


def failpoint(name: str) -> None:
    """The work has come to `name`, such as "backup.renamed"."""
    for listener in _listeners:
        listener(name)


def listen(listener: Callable[[str], None]) -> None:
    """From now on `listener` hears where the work of this process has come to, and may end it."""
    _listeners.append(listener)
