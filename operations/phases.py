"""The phases of one attempt as they are recorded: how far each came, when, and how fast it went."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, update

from core.clock import monotonic, utc_now
from core.progress import Advanced, Event, Finished, PhaseStarted
from models import OperationPhase
from operations.rows import clip, table_of
from operations.runs import Run

SPEEDS_KEPT = 120  # points of a plot

_PHASES = table_of(OperationPhase)


@dataclass
class _Speeds:
    """Pairs of seconds since the phase's start and units per second, measured at least `every` seconds
    apart. When they become too many, two and two become one."""

    began: float = field(default_factory=monotonic)
    every: float = 1.0
    points: list[list[float]] = field(default_factory=list)
    _last: tuple[float, int] = (0.0, 0)

    def measure(self, done: int) -> None:
        at = monotonic() - self.began
        since, counted = self._last
        if at - since < self.every:
            return
        self.points.append([round(at, 1), round((done - counted) / (at - since), 1)])
        self._last = at, done
        if len(self.points) > SPEEDS_KEPT:
            pairs = zip(self.points[::2], self.points[1::2], strict=False)
            self.points = [[late[0], round((early[1] + late[1]) / 2, 1)] for early, late in pairs]
            self.every *= 2


@dataclass
class _Phase:
    position: int
    name: str
    total: int | None
    unit: str
    started_at: datetime = field(default_factory=utc_now)
    finished_at: datetime | None = None
    done: int = 0
    speeds: _Speeds = field(default_factory=_Speeds)
    is_written: bool = False

    def columns(self) -> dict[str, Any]:
        return {
            "done": self.done,
            "total": self.total,
            "finished_at": self.finished_at,
            "speeds": self.speeds.points,
        }


class Phases:
    """Remembers the phases of `run`, and writes those that have changed."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._phases: list[_Phase] = []
        self._changed: set[int] = set()

    def remember(self, event: Event) -> None:
        """Take in one event."""
        match event:
            case PhaseStarted(name, total, unit):
                self._end_last()
                shown, counted = clip(name, _PHASES.c.name), clip(unit, _PHASES.c.unit)
                self._phases.append(_Phase(len(self._phases), shown, total, counted))
            case Advanced(done, total) if self._phases:
                last = self._phases[-1]
                last.done, last.total = done, total
                last.speeds.measure(done)
            case Finished():
                self._end_last()
        if self._phases:
            self._changed.add(self._phases[-1].position)

    def forget_written(self) -> None:
        """The rows are gone: write them all again."""
        for phase in self._phases:
            phase.is_written = False
            self._changed.add(phase.position)

    def write(self, connection: Connection) -> None:
        """Write what has changed, within the caller's transaction; it counts as written by `settle`."""
        for position in sorted(self._changed):
            self._write(connection, self._phases[position])

    def settle(self) -> None:
        """The transaction of the last `write` has gone through."""
        for position in self._changed:
            self._phases[position].is_written = True
        self._changed.clear()

    def _end_last(self) -> None:
        if self._phases and self._phases[-1].finished_at is None:
            self._phases[-1].finished_at = utc_now()
            self._changed.add(self._phases[-1].position)

    def _write(self, connection: Connection, phase: _Phase) -> None:
        key = {"operation_id": self._run.id, "attempt": self._run.attempt, "position": phase.position}
        if phase.is_written:
            row = [_PHASES.c[name] == value for name, value in key.items()]
            connection.execute(update(_PHASES).where(*row).values(phase.columns()))
            return
        words = {"name": phase.name, "unit": phase.unit, "started_at": phase.started_at}
        connection.execute(insert(_PHASES).values(**key, **words, **phase.columns()))
