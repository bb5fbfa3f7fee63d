"""Reads operations back, as facts for pages and commands. Needs an application context."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, RowMapping, select

from core.actor import Actor, Role
from core.errors import InvalidInput, NotFound
from core.naming import first_id_at, is_id
from core.text import visible
from database.listing import patient_transaction
from database.transactions import transaction
from models import OperationLine, OperationRecord
from operations.rows import table_of

STATES = ("queued", "running", "succeeded", "failed", "interrupted", "cancelled")
LIVE_STATES = ("queued", "running")

_OPERATIONS = table_of(OperationRecord)
_LINES = table_of(OperationLine)


@dataclass(frozen=True)
class OperationRow:
    """One operation as recorded. `done` of `total` `unit`s of `phase` are behind it; `attempt` of `attempts`
    is the newest that was begun."""

    id: str
    kind: str
    title: str
    target: str
    state: str
    actor: str
    through: str
    phase: str
    done: int
    total: int | None
    unit: str
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error_code: str
    error_message: str
    error_hint: str
    result: Any
    user_id: int | None
    attempt: int
    attempts: int
    worker: str
    heartbeat_at: datetime | None
    cancel_requested_at: datetime | None
    cancel_requested_by: str

    @classmethod
    def of(cls, row: RowMapping) -> OperationRow:
        """The operation of a row that holds OPERATION_COLUMNS."""
        return cls(**{column.name: row[column] for column in OPERATION_COLUMNS})

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it has not ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()

    @property
    def is_live(self) -> bool:
        """True while it waits or runs."""
        return self.state in LIVE_STATES

    def may_be_cancelled_by(self, actor: Actor) -> bool:
        """Whoever started it may cancel it as long as they may start anything, and so may every admin."""
        if actor.role.includes(Role.ADMIN):
            return True
        is_own = actor.user_id is not None and actor.user_id == self.user_id
        return is_own and actor.role.includes(Role.OPERATOR)


@dataclass(frozen=True)
class OperationFilter:
    """Which operations: in that state, of that kind, by that actor, asked for from `since` to before
    `until`; what is empty asks for all."""

    state: str = ""
    kind: str = ""
    actor: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class OperationList:
    """A part of all operations, the newest first. `next_before` is where the older ones begin, "" when none
    follow."""

    rows: tuple[OperationRow, ...]
    next_before: str


@dataclass(frozen=True)
class LoggedLine:
    """One line of an operation's log. Later lines have higher ids."""

    id: int
    at: datetime
    message: str


OPERATION_COLUMNS = tuple(_OPERATIONS.c[one.name] for one in fields(OperationRow))
LINE_COLUMNS = tuple(_LINES.c[one.name] for one in fields(LoggedLine))


def newest_operations(limit: int = 10) -> tuple[OperationRow, ...]:
    """The newest operations, the latest first. Raises ServerError."""
    return list_operations(limit=limit).rows


def list_operations(
    state: str = "", before: str = "", limit: int = 50, wanted: OperationFilter | None = None
) -> OperationList:
    """At most `limit` operations, the newest first; in one state only ("" for all), those that are `wanted`,
    and older than the operation `before` ("" for the newest). Raises InvalidInput, NotFound when that is no
    operation's id, TooBroad, ServerError."""
    conditions = _conditions(wanted or OperationFilter(state), before)
    query = select(*OPERATION_COLUMNS).where(*conditions).order_by(_OPERATIONS.c.id.desc()).limit(limit + 1)
    with patient_transaction() as session:
        rows = tuple(OperationRow.of(row) for row in session.execute(query).mappings())
    shown = rows[:limit]
    return OperationList(shown, shown[-1].id if len(rows) > limit else "")


def read_arguments(id: str) -> dict[str, Any] | None:
    """What the operation of that id was queued with; None for one that was not queued. Raises NotFound."""
    check_id(id)
    query = select(_OPERATIONS.c.arguments).where(_OPERATIONS.c.id == id)
    with transaction() as session:
        row = session.execute(query).first()
    if row is None:
        raise no_operation(id)
    arguments: dict[str, Any] | None = row.arguments
    return arguments


def read_operation(id: str) -> OperationRow:
    """One operation. Raises NotFound, ServerError."""
    check_id(id)
    with transaction() as session:
        row = session.execute(select(*OPERATION_COLUMNS).where(_OPERATIONS.c.id == id)).mappings().first()
    if row is None:
        raise no_operation(id)
    return OperationRow.of(row)


def read_lines(id: str) -> tuple[LoggedLine, ...]:
    """The log of one operation, oldest line first. Raises ServerError."""
    lines = select(*LINE_COLUMNS).where(_LINES.c.operation_id == id).order_by(_LINES.c.id)
    with transaction() as session:
        return lines_of(session.execute(lines).mappings())


def read_earlier_lines(id: str, before: int, limit: int) -> tuple[LoggedLine, ...]:
    """At most `limit` lines of one operation, those just before the line `before`, oldest first. Raises
    ServerError."""
    earlier = select(*LINE_COLUMNS).where(_LINES.c.operation_id == id, _LINES.c.id < before)
    with transaction() as session:
        newest_first = session.execute(earlier.order_by(_LINES.c.id.desc()).limit(limit)).mappings()
        return lines_of(newest_first)[::-1]


def lines_of(rows: Iterable[RowMapping]) -> tuple[LoggedLine, ...]:
    """The lines of rows that hold LINE_COLUMNS."""
    return tuple(LoggedLine(**{column.name: row[column] for column in LINE_COLUMNS}) for row in rows)


def _conditions(wanted: OperationFilter, before: str) -> list[ColumnElement[bool]]:
    """The time is that of the ids, which are sorted by it and have an index."""
    if wanted.state and wanted.state not in STATES:
        raise InvalidInput("There is no such state.", hint=f"Choose {', '.join(STATES)}.")
    found: list[ColumnElement[bool]] = []
    for column, text in (("state", wanted.state), ("kind", wanted.kind), ("actor", wanted.actor)):
        if text:
            found.append(_OPERATIONS.c[column] == visible(text))
    if wanted.since:
        found.append(_OPERATIONS.c.id >= first_id_at(wanted.since))
    if wanted.until:
        found.append(_OPERATIONS.c.id < first_id_at(wanted.until))
    if before:
        check_id(before)
        found.append(_OPERATIONS.c.id < before)
    return found


def check_id(id: str) -> None:
    """Raises NotFound for what no operation can have as its id."""
    if not is_id(id):
        raise no_operation(id[:40])


def no_operation(id: str) -> NotFound:
    """The error for an id that nothing has."""
    return NotFound(f"There is no operation {visible(id)}.")
