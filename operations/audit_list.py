"""Reads the audit back, as facts for the page. Needs an application context."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, not_, select

from database.transactions import transaction
from models import AuditEvent, OperationRecord
from operations.audit_chain import verify_audit
from operations.rows import table_of
from operations.store import OPERATION_COLUMNS, OperationRow

_ROWS = table_of(AuditEvent)
_OPERATIONS = table_of(OperationRecord)


@dataclass(frozen=True)
class AuditDeed:
    """What somebody did: its outcome, or its intent as long as there is no outcome, which is "" then. `id`
    is the row's; `has_operation` says that the operation can still be looked at."""

    id: int
    at: datetime
    action: str
    target: str
    actor: str
    through: str
    address: str
    operation_id: str
    outcome: str
    has_operation: bool


@dataclass(frozen=True)
class AuditList:
    """A part of all deeds, the newest first. `next_before` is where the older ones begin, 0 when none
    follow."""

    deeds: tuple[AuditDeed, ...]
    next_before: int


_COLUMNS = tuple(_ROWS.c[one.name] for one in fields(AuditDeed) if one.name in _ROWS.c)


def list_audit(before: int = 0, limit: int = 50) -> AuditList:
    """At most `limit` deeds, the newest first, older than the row `before` (0 for the newest). Raises
    ServerError."""
    wanted = (
        select(*_COLUMNS, _OPERATIONS.c.id.is_not(None).label("has_operation"))
        .outerjoin(_OPERATIONS, _OPERATIONS.c.id == _ROWS.c.operation_id)
        .where(not_(_is_answered()))
        .order_by(_ROWS.c.id.desc())
        .limit(limit + 1)
    )
    if before:
        wanted = wanted.where(_ROWS.c.id < before)
    with transaction() as session:
        found = tuple(_deed(**row) for row in session.execute(wanted).mappings())
    shown = found[:limit]
    return AuditList(shown, shown[-1].id if len(found) > limit else 0)


def last_verification() -> OperationRow | None:
    """The newest verification of the audit, under way or ended. Raises ServerError."""
    of_kind = _OPERATIONS.c.kind == verify_audit.declaration.kind
    newest = select(*OPERATION_COLUMNS).where(of_kind).order_by(_OPERATIONS.c.id.desc()).limit(1)
    with transaction() as session:
        row = session.execute(newest).mappings().first()
    return None if row is None else OperationRow.of(row)


def _is_answered() -> ColumnElement[bool]:
    """True of an intent whose outcome is there: that one row then stands for both."""
    answer = _ROWS.alias()
    same = (answer.c.operation_id == _ROWS.c.operation_id) & (answer.c.action == _ROWS.c.action)
    has_answer = exists().where(same, answer.c.event == "outcome")
    return and_(_ROWS.c.event == "intent", _ROWS.c.operation_id != "", has_answer)


def _deed(*, has_operation: Any, **columns: Any) -> AuditDeed:
    return AuditDeed(**columns, has_operation=bool(has_operation))
