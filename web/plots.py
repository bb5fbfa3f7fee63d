"""What a plot shows: moments, one or two series, and a unit. The macros of plots.html draw and tell it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any, Literal

from core import text

Kind = Literal["line", "area", "bars"]
Tone = Literal["measured", "projected", "running", "succeeded", "failed"]
Unit = Literal["bytes", "count", "rows/s"]

_UNITS: dict[str, Callable[[float], str]] = {
    "bytes": lambda value: text.size(round(value)),
    "count": lambda value: f"{round(value):,}",
    "rows/s": lambda value: f"{round(value):,} rows/s",
}
_ENOUGH = 2  # points; one alone is no course
_LITTLE = 0.75  # of the highest value: where all are above it, they differ little


@dataclass(frozen=True)
class Series:
    """One course of values, one for each moment of its plot, None where nothing was measured. The tone gives
    the colour, and "projected" a dotted line."""

    title: str
    values: Sequence[float | None]
    tone: Tone = "measured"


@dataclass(frozen=True)
class Plot:
    """A plot over `moments` (aware times, or days), oldest first. A line stands on any base, but on zero
    where its values differ little, lest a small change look like a fall; an area and bars always stand on
    zero, and bars on each other, the first series on top. At most two series."""

    moments: Sequence[datetime | date]
    series: Sequence[Series]
    unit: Unit = "count"
    kind: Kind = "line"

    @property
    def is_enough(self) -> bool:
        """False with fewer than two points: the page then says so instead of drawing."""
        return any(sum(value is not None for value in each.values) >= _ENOUGH for each in self.series)

    @property
    def data(self) -> dict[str, Any]:
        """For the script that draws: seconds since 1970, values, and the shift of our clock from UTC, for
        times are told in the server's zone and not in the browser's."""
        instants = [_instant(moment) for moment in self.moments]
        offset = instants[-1].astimezone().utcoffset() if instants else None
        return {
            "kind": self.kind,
            "unit": self.unit,
            "daily": self._is_daily,
            "onZero": self._is_on_zero,
            "offset": offset.total_seconds() if offset else 0,
            "moments": [instant.timestamp() for instant in instants],
            "series": [
                {"title": each.title, "tone": each.tone, "values": list(each.values)} for each in self.series
            ],
        }

    @property
    def rows(self) -> Iterator[tuple[datetime | str, tuple[str, ...]]]:
        """For the table: each moment, newest first, with its values in words."""
        for place in reversed(range(len(self.moments))):
            values = tuple(self._words(each.values[place]) for each in self.series)
            moment = self.moments[place]
            yield moment if isinstance(moment, datetime) else f"{moment:%b} {moment.day}", values

    @property
    def _is_daily(self) -> bool:
        return all(not isinstance(moment, datetime) for moment in self.moments)

    @property
    def _is_on_zero(self) -> bool:
        values = [value for each in self.series for value in each.values if value is not None]
        return self.kind != "line" or (min(values, default=0) >= _LITTLE * max(values, default=0))

    def _words(self, value: float | None) -> str:
        return "" if value is None else _UNITS[self.unit](value)


def _instant(moment: datetime | date) -> datetime:
    """A day begins at midnight by our clock."""
    if isinstance(moment, datetime):
        return moment.astimezone(UTC)
    return datetime.combine(moment, time()).astimezone()
