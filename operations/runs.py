"""One run of a feature: what is known of it before it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.actor import Actor
from core.clock import utc_now
from core.naming import new_id


@dataclass(frozen=True)
class Run:
    """`target` is the name that no two runs share at one time; `makes_schema` says that the tables which
    record it may come or go while it runs. `attempt` of `attempts` is the one that runs; `arguments` are
    what a worker needs to run it, None for what runs where it was asked for; `details` what the audit keeps
    with the intent."""

    kind: str
    title: str
    target: str
    actor: Actor
    makes_schema: bool = False
    attempts: int = 1
    attempt: int = 1
    arguments: dict[str, Any] | None = None
    details: dict[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=new_id)
    started_at: datetime = field(default_factory=utc_now)

    @property
    def has_lease(self) -> bool:
        """True when the row says how long the work is held; else its process alone holds it."""
        return not self.makes_schema
