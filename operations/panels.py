"""All that the page of one operation shows, read in two questions: it is asked for every second. Needs an
application context."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import Label, RowMapping, Select, and_, bindparam, case, select

from database.transactions import transaction
from models import OperationLine, OperationPhase, OperationRecord, TargetLock
from models.types import database_now
from operations.rows import table_of
from operations.store import (
    LINE_COLUMNS,
    OPERATION_COLUMNS,
    LoggedLine,
    OperationRow,
    check_id,
    lines_of,
    no_operation,
)

LINES_SHOWN = 200
PATIENCE = 15.0  # seconds; a worker that is there and has nothing else to do takes it up at once
_SPEEDS_THAT_COUNT = 5  # the newest: what comes will be like them, not like the first minute

_OPERATIONS = table_of(OperationRecord)
_PHASES = table_of(OperationPhase)
_LINES = table_of(OperationLine)
_LOCKS = table_of(TargetLock)


@dataclass(frozen=True)
class Phase:
    """One phase of the newest attempt. `speeds` are pairs of seconds since its start and units per second."""

    name: str
    done: int
    total: int | None
    unit: str
    started_at: datetime | None
    finished_at: datetime | None = None
    speeds: tuple[tuple[float, float], ...] = ()

    @property
    def percent(self) -> int | None:
        """Whole percent, rounded down, so that 100 means all; None when the total is not known."""
        return min(100, 100 * self.done // self.total) if self.total else None

    def seconds(self, now: datetime) -> float:
        """How long it took, or runs by now."""
        if self.started_at is None:
            return 0.0
        return max(0.0, ((self.finished_at or now) - self.started_at).total_seconds())

    def speed(self, now: datetime) -> float | None:
        """Units per second: over the newest samples while it runs, over all of it when it has ended. None
        for what is too little to tell: a single unit, or less than a second."""
        if self.speeds and self.finished_at is None:
            newest = [speed for _, speed in self.speeds[-_SPEEDS_THAT_COUNT:]]
            return sum(newest) / len(newest)
        seconds = self.seconds(now)
        return self.done / seconds if self.done > 1 and seconds >= 1 else None


@dataclass(frozen=True)
class OperationPanel:
    """One operation at the moment `now` of the database. `holder_id` is the operation that holds its target,
    "" when nobody does. `is_worker_busy` says that a worker is there and has other work. `last_note` is what
    one that succeeded said last: its result. `lines` are oldest first; earlier ones are left out when
    `has_earlier`. A page that shows them knows the log up to the line `newest_line`, 0 for none."""

    operation: OperationRow
    now: datetime
    phases: tuple[Phase, ...]
    holder_id: str
    holder_title: str
    is_worker_busy: bool
    last_note: str
    lines: tuple[LoggedLine, ...]
    has_earlier: bool
    newest_line: int

    @property
    def current(self) -> Phase | None:
        """The phase that runs, or the last one that did; None before the first."""
        if self.phases:
            return self.phases[-1]
        row = self.operation
        if not row.phase:
            return None
        return Phase(row.phase, row.done, row.total, row.unit, row.started_at, row.finished_at)

    @property
    def until(self) -> datetime:
        """When it ended, or else now: a phase whose worker went away has no end of its own."""
        return self.operation.finished_at or self.now

    @property
    def elapsed(self) -> float:
        """Seconds since it was started, to its end or to now; while it is queued, since it was asked for."""
        began = self.operation.started_at or self.operation.created_at
        return max(0.0, (self.until - began).total_seconds())

    @property
    def left(self) -> float | None:
        """The seconds that the current phase still takes at its speed; None when nobody can know."""
        phase = self.current
        if self.operation.state != "running" or phase is None or not phase.total:
            return None
        speed = phase.speed(self.now)
        return max(0, phase.total - phase.done) / speed if speed else None

    @property
    def ends_at(self) -> datetime | None:
        """When the current phase ends at its speed."""
        return None if self.left is None else self.now + timedelta(seconds=self.left)

    @property
    def heard(self) -> float | None:
        """Seconds since its worker was heard; None when none works on it."""
        if self.operation.state != "running" or self.operation.heartbeat_at is None:
            return None
        return max(0.0, (self.now - self.operation.heartbeat_at).total_seconds())

    @property
    def waits_for_nobody(self) -> bool:
        """True while it is queued and no worker seems to be there."""
        row = self.operation
        since = row.heartbeat_at or row.created_at  # of the worker that went away, if there was one
        waited = (self.now - since).total_seconds()
        return row.state == "queued" and waited > PATIENCE and not self.is_worker_busy

    @property
    def holds_lock(self) -> bool:
        """True while nobody else may work on its target."""
        return self.holder_id == self.operation.id


def read_panel(id: str, after: int = 0, limit: int = LINES_SHOWN) -> OperationPanel:
    """One operation with the newest `limit` lines of its log, or the next ones `after` a line. Raises
    NotFound, ServerError."""
    check_id(id)
    with transaction() as session:
        rows = session.execute(_operation_with_phases(), {"id": id}).mappings().all()
        if not rows:
            raise no_operation(id)
        lines = lines_of(session.execute(_lines(id, after, limit)).mappings())
    shown = lines if after else lines[:limit][::-1]
    return _panel(rows, shown, len(lines) > limit, after)


@cache
def _operation_with_phases() -> Select[Any]:
    """Of the operation `id`: one row for each phase of the newest attempt, or a single one."""
    is_phase = (_PHASES.c.operation_id == _OPERATIONS.c.id) & (_PHASES.c.attempt == _OPERATIONS.c.attempt)
    lock = (_LOCKS.c.operation_id, _LOCKS.c.title)
    facts = (database_now().label("now"), _worker_is_busy(), _last_note())
    return (
        select(*OPERATION_COLUMNS, *facts, *lock, *_PHASES.c)
        .outerjoin(_LOCKS, _LOCKS.c.target == _OPERATIONS.c.target)
        .outerjoin(_PHASES, is_phase)
        .where(_OPERATIONS.c.id == bindparam("id"))
        .order_by(_PHASES.c.position)
    )


def _worker_is_busy() -> Label[Any]:
    """Whether something out of the queue runs while this operation waits there."""
    other = _OPERATIONS.alias()
    runs = (other.c.state == "running") & (other.c.lease_until > database_now())
    works = select(other.c.id).where(runs, other.c.arguments.is_not(None)).exists()
    return and_(_OPERATIONS.c.state == "queued", works).label("is_worker_busy")


def _last_note() -> Label[Any]:
    newest = select(_LINES.c.message).where(_LINES.c.operation_id == _OPERATIONS.c.id)
    last = newest.order_by(_LINES.c.id.desc()).limit(1).scalar_subquery()
    return case((_OPERATIONS.c.state == "succeeded", last)).label("last_note")


def _lines(id: str, after: int, limit: int) -> Select[Any]:
    """Those that follow the line `after`, or else the newest, and one more to see whether there are."""
    lines = select(*LINE_COLUMNS).where(_LINES.c.operation_id == id)
    if after:
        return lines.where(_LINES.c.id > after).order_by(_LINES.c.id).limit(limit)
    return lines.order_by(_LINES.c.id.desc()).limit(limit + 1)


def _panel(
    rows: Sequence[RowMapping], lines: tuple[LoggedLine, ...], has_earlier: bool, after: int
) -> OperationPanel:
    first = rows[0]
    return OperationPanel(
        OperationRow.of(first),
        first["now"],
        tuple(_phase(row) for row in rows if row[_PHASES.c.name] is not None),
        first[_LOCKS.c.operation_id] or "",
        first[_LOCKS.c.title] or "",
        bool(first["is_worker_busy"]),
        first["last_note"] or "",
        lines,
        has_earlier,
        lines[-1].id if lines else after,
    )


def _phase(row: RowMapping) -> Phase:
    names = ("name", "done", "total", "unit", "started_at", "finished_at")
    facts = {name: row[_PHASES.c[name]] for name in names}
    return Phase(**facts, speeds=tuple((at, speed) for at, speed in row[_PHASES.c.speeds] or ()))
