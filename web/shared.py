"""What many readers ask for at the same time, found out once for all of them: a live operation that twenty
people watch costs little more than one that a single person watches."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from threading import Lock
from typing import Generic, TypeVar

from core.clock import monotonic

T = TypeVar("T")

_PATIENCE = 1.0  # seconds to wait for another reader's look, which may hang
_MOST = 256  # answers kept; far more than one console is asked for at once


@dataclass(frozen=True)
class _Look(Generic[T]):
    found: T
    at: float = field(default_factory=monotonic)
    readers: set[str] = field(default_factory=set)

    def serves(self, reader: str, keep: float) -> bool:
        """Is it new to this reader, and not too old?"""
        return reader not in self.readers and monotonic() - self.at < keep

    def given_to(self, reader: str) -> T:
        """What was found; this reader has it from now on."""
        self.readers.add(reader)
        return self.found


@dataclass
class _Entry(Generic[T]):
    turn: Lock = field(default_factory=Lock)
    last: _Look[T] | None = None


class Shared(Generic[T]):
    """Answers by key. No reader is given the same look twice: who asks again gets a new one, so that alone
    nobody notices."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._entries: dict[Hashable, _Entry[T]] = {}

    def read(self, key: Hashable, reader: str, look: Callable[[], T], keep: float) -> T:
        """What `look` gives to the first who asks, and for `keep` seconds to others; for as long again while
        a new look is under way, else whoever comes then waits for it. Raises what `look` raises, to that one
        reader."""
        entry = self._entry(key)
        if not entry.turn.acquire(blocking=False):
            # Nobody waits without need: those who wait are answered together, and would ask in step for ever.
            if entry.last and entry.last.serves(reader, 2 * keep):
                return entry.last.given_to(reader)
            if not entry.turn.acquire(timeout=_PATIENCE):
                return look()
        try:
            if not (entry.last and entry.last.serves(reader, keep)):
                entry.last = _Look(look())
            return entry.last.given_to(reader)
        finally:
            entry.turn.release()

    def _entry(self, key: Hashable) -> _Entry[T]:
        with self._turn:
            if key not in self._entries and len(self._entries) >= _MOST:
                self._entries.clear()
            return self._entries.setdefault(key, _Entry())
