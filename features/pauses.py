"""How failed sign-ins add up to a pause (TRUST A5): ten within five minutes bring one of five minutes; after
it each further failure brings the next, twice as long, up to fifteen. Fifteen quiet minutes after a pause all
is forgotten."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

LIMIT = 10
WINDOW = timedelta(minutes=5)
FIRST_PAUSE = timedelta(minutes=5)
LONGEST_PAUSE = timedelta(minutes=15)
FORGOTTEN_AFTER = timedelta(minutes=15)
LOOK_BACK = timedelta(days=1)  # as far as failures have to be read; pauses may follow each other for long


@dataclass(frozen=True)
class Outlook:
    """What past failures mean now: tries are free again at `free_at`, so many are left before the next
    pause, and so long it will be; while one lasts, none are left and `pause` is its length."""

    free_at: datetime
    tries_left: int
    pause: timedelta


def outlook(failures: Iterable[datetime], at: datetime) -> Outlook:
    """How things stand at `at` after `failures`, the oldest first."""
    free_at, pauses = datetime.min.replace(tzinfo=UTC), 0
    recent: list[datetime] = []
    for failure in failures:
        if failure < free_at:
            continue  # under way as the pause began
        pauses = _remembered(pauses, free_at, failure)
        recent = [*_within(recent, failure), failure]
        if pauses or len(recent) >= LIMIT:
            free_at = failure + _length(pauses)
            pauses, recent = pauses + 1, []
    if at < free_at:
        return Outlook(free_at, 0, _length(pauses - 1))
    pauses = _remembered(pauses, free_at, at)
    return Outlook(free_at, 1 if pauses else LIMIT - len(_within(recent, at)), _length(pauses))


def _remembered(pauses: int, free_at: datetime, at: datetime) -> int:
    return pauses if at < free_at + FORGOTTEN_AFTER else 0


def _within(recent: list[datetime], at: datetime) -> list[datetime]:
    return [one for one in recent if one > at - WINDOW]


def _length(before: int) -> timedelta:
    """The length of a pause that so many went before."""
    return min(FIRST_PAUSE * (1 << min(before, 10)), LONGEST_PAUSE)
