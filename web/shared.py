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


@dataclass
class _Entry(Generic[T]):
    turn: Lock = field(default_factory=Lock)
    seen: list[T] = field(default_factory=list)
    seen_at: float = float("-inf")
    readers: set[str] = field(default_factory=set)


class Shared(Generic[T]):
    """Answers by key, each good for `keep` seconds. No reader is given the same look twice: who asks again
    gets a new one, so that alone nobody notices."""

    def __init__(self, keep: float) -> None:
        self._keep = keep
        self._turn = Lock()
        self._entries: dict[Hashable, _Entry[T]] = {}

    def read(self, key: Hashable, reader: str, look: Callable[[], T]) -> T:
        """What `look` gives to the first who asks, and then to others; whoever comes while it is looked for
        waits. Raises what `look` raises, to that one reader."""
        entry = self._entry(key)
        if not entry.turn.acquire(timeout=_PATIENCE):
            return look()
        try:
            return self._answer(entry, reader, look)
        finally:
            entry.turn.release()

    def _answer(self, entry: _Entry[T], reader: str, look: Callable[[], T]) -> T:
        is_fresh = entry.seen and monotonic() - entry.seen_at < self._keep
        if not is_fresh or reader in entry.readers:
            entry.seen, entry.readers = [look()], set()
            entry.seen_at = monotonic()
        entry.readers.add(reader)
        return entry.seen[0]

    def _entry(self, key: Hashable) -> _Entry[T]:
        with self._turn:
            if key not in self._entries and len(self._entries) >= _MOST:
                self._entries.clear()
            return self._entries.setdefault(key, _Entry())
