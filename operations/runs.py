"""One run of a feature: what is known of it before it starts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from core.actor import Actor
from core.clock import utc_now
from core.naming import new_id


@dataclass(frozen=True)
class Run:
    """`target` is the name that no two runs share at one time; `makes_schema` says that the tables which
    record it may come or go while it runs."""

    kind: str
    title: str
    target: str
    actor: Actor
    makes_schema: bool = False
    id: str = field(default_factory=new_id)
    started_at: datetime = field(default_factory=utc_now)
