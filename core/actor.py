"""Who does something: a person at the console, a person at the command line, or the system itself."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a user of the console may do; each includes the one before it."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    ADMIN = "admin"

    def includes(self, other: Role) -> bool:
        """True when whoever holds this role may do what `other` may."""
        order = list(Role)
        return order.index(self) >= order.index(other)


@dataclass(frozen=True)
class Actor:
    """Whoever acts: `name` is a username, or the account of the machine for a command line."""

    name: str
    role: Role
    through: str  # "web", "cli", "api", "webhook", "start"
    address: str = ""
    user_id: int | None = None
    token_prefix: str | None = None  # of the API token that they came with
