"""How far a backup has been proven (TRUST section 3): each level includes those before it."""

from __future__ import annotations

from enum import StrEnum


class Level(StrEnum):
    """From lowest to highest. Verified means equal or healthy."""

    STORED = "stored"
    INTACT = "intact"
    READABLE = "readable"
    RESTORED = "restored"
    EQUAL = "equal"
    HEALTHY = "healthy"

    @property
    def rank(self) -> int:
        """1 for stored to 6 for healthy."""
        return list(Level).index(self) + 1

    @property
    def is_verified(self) -> bool:
        """True for equal and healthy."""
        return self.rank >= Level.EQUAL.rank

    def reaches(self, other: Level) -> bool:
        """True when this level includes `other`."""
        return self.rank >= other.rank


DAMAGED = "damaged"  # in the place of a level: what is stored is not what was stored
VERIFIED = tuple(level for level in Level if level.is_verified)
