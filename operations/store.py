"""Reads operations back, as facts for pages and commands. Needs an application context."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import select

from core.errors import NotFound
from database.transactions import transaction
from models import OperationLine, OperationRecord
from operations.rows import table_of

_OPERATIONS = table_of(OperationRecord)
_LINES = table_of(OperationLine)


@dataclass(frozen=True)
class OperationRow:
    """One operation as recorded. `done` of `total` `unit`s of `phase` are behind it."""

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

    @property
    def seconds(self) -> float | None:
        """How long it took; None while it has not ended."""
        if self.started_at is None or self.finished_at is None:
            return None
        return (self.finished_at - self.started_at).total_seconds()


_COLUMNS = tuple(_OPERATIONS.c[one.name] for one in fields(OperationRow))


@dataclass(frozen=True)
class LoggedLine:
    """One line of an operation's log."""

    at: datetime
    message: str


def newest_operations(limit: int = 10) -> tuple[OperationRow, ...]:
    """The newest operations, the latest first. Raises ServerError."""
    newest = select(*_COLUMNS).order_by(_OPERATIONS.c.id.desc()).limit(limit)
    with transaction() as session:
        return tuple(OperationRow(**row) for row in session.execute(newest).mappings())


def read_operation(id: str) -> OperationRow:
    """One operation. Raises NotFound, ServerError."""
    with transaction() as session:
        row = session.execute(select(*_COLUMNS).where(_OPERATIONS.c.id == id)).mappings().first()
    if row is None:
        raise NotFound(f"There is no operation {id}.")
    return OperationRow(**row)


def read_lines(id: str) -> tuple[LoggedLine, ...]:
    """The log of one operation, oldest line first. Raises ServerError."""
    lines = select(_LINES.c.at, _LINES.c.message).where(_LINES.c.operation_id == id).order_by(_LINES.c.id)
    with transaction() as session:
        return tuple(LoggedLine(*row) for row in session.execute(lines))
