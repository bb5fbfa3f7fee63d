"""The recovery line: the last three days by what could be brought back if the database failed now."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from core.text import duration, plural
from features.backups import BackupFacts
from web.backup_words import hours

SPAN = timedelta(hours=72)
_APART = 27.0  # percent between two labels, so that they do not touch on a phone
_EDGE = 13.0  # percent; a label nearer to an end is written inwards


@dataclass(frozen=True)
class Point:
    """A backup on the line, `x` percent from its left end; without a `label` it has no room for one."""

    x: float
    is_verified: bool
    is_newest: bool
    label: str
    anchor: Literal["start", "middle", "end"]


@dataclass(frozen=True)
class RecoveryLine:
    """Places are percent from the left end, now is the right one. Up to `proven` all that was changed is in a
    verified backup; what came after is within the `target`, or past it. `words` say the same aloud."""

    points: tuple[Point, ...]
    proven: float
    is_past: bool
    target: float | None
    target_words: str
    words: str


def recovery_line(
    backups: Iterable[BackupFacts], target_seconds: float | None, is_past: bool, at: datetime
) -> RecoveryLine:
    """The line of the 72 hours before `at`. `backups` are the newest first; those before are left out, and so
    are parts of the database and damaged ones, of which it cannot be brought back."""
    whole = [one for one in backups if one.is_whole and not one.is_damaged]
    shown = [one for one in whole if at - SPAN <= one.taken_at <= at]
    verified = next((one for one in shown if one.is_verified), None)
    places = {one.id: _place(one.taken_at, at) for one in shown}
    labelled = _labelled(shown, verified, places)
    points = tuple(
        Point(
            places[one.id],
            one.is_verified,
            one is verified,
            _moment(one.taken_at) if one.id in labelled else "",
            _anchor(places[one.id]),
        )
        for one in reversed(shown)
    )
    target = None if target_seconds is None else _place(at - timedelta(seconds=target_seconds), at)
    return RecoveryLine(
        points,
        places[verified.id] if verified else 0.0,
        is_past,
        target if target else None,
        "" if target_seconds is None else hours(target_seconds),
        _words(shown, verified, at),
    )


def _place(moment: datetime, at: datetime) -> float:
    return round(max(0.0, 100 * (1 - (at - moment) / SPAN)), 1)


def _labelled(
    shown: list[BackupFacts], verified: BackupFacts | None, places: dict[str, float]
) -> frozenset[str]:
    """Whose moment is written: the newest verified one first, then from the newest on where there is room."""
    chosen: list[str] = []
    for one in ([verified] if verified else []) + shown:
        if all(abs(_middle(places[one.id]) - _middle(places[other])) >= _APART for other in chosen):
            chosen.append(one.id)
    return frozenset(chosen)


def _anchor(x: float) -> Literal["start", "middle", "end"]:
    return "start" if x < _EDGE else "end" if x > 100 - _EDGE else "middle"


def _middle(x: float) -> float:
    """Where the middle of a label comes to lie."""
    return {"start": x + _EDGE, "middle": x, "end": x - _EDGE}[_anchor(x)]


def _moment(at: datetime) -> str:
    local = at.astimezone()
    return f"{local:%b} {local.day}, {local:%H:%M}"


def _words(shown: list[BackupFacts], verified: BackupFacts | None, at: datetime) -> str:
    count = sum(one.is_verified for one in shown)
    told = f"The last 72 hours: {plural(len(shown), 'backup')}, {count} of them verified"
    if verified is None:
        return f"{told}."
    return f"{told}, the newest verified one {duration((at - verified.taken_at).total_seconds())} old."
