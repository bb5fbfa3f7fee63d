"""What a health check finds: one verdict made of many checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class Status(StrEnum):
    """How well something is, from best to worst. `error` says that the check itself could not run: worse
    than what limps, since nobody knows, but never hiding what is known to be broken."""

    HEALTHY = "healthy"
    DEGRADED = "degraded"
    ERROR = "error"
    UNHEALTHY = "unhealthy"


@dataclass(frozen=True)
class Check:
    """One thing that was looked at. `value` is what was seen, with its unit; `hint` what to do about it,
    empty where there is nothing to do; `milliseconds` how long the look took; `at` the moment the value tells
    of, where there is one."""

    name: str
    status: Status
    value: str
    hint: str = ""
    milliseconds: float = 0.0
    at: datetime | None = None


@dataclass(frozen=True)
class HealthReport:
    """The verdict, the moment it was asked for (UTC), and the checks in the order people read them."""

    status: Status
    timestamp: datetime
    checks: tuple[Check, ...]


def report_of(timestamp: datetime, checks: Sequence[Check]) -> HealthReport:
    """The report over `checks`, as bad as the worst of them; there is at least one."""
    order = list(Status)
    return HealthReport(max((check.status for check in checks), key=order.index), timestamp, tuple(checks))
