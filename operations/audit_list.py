"""Reads the audit back, as facts for the page. Needs an application context."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select

from core.errors import InvalidInput
from core.text import visible
from database.listing import patient_transaction
from database.transactions import transaction
from models import AuditEvent, OperationRecord
from operations.audit_chain import AuditBroken, row_named_in, verify_audit
from operations.rows import table_of
from operations.store import OPERATION_COLUMNS, OperationRow

_ROWS = table_of(AuditEvent)
_OPERATIONS = table_of(OperationRecord)


@dataclass(frozen=True)
class AuditDeed:
    """What somebody did: its outcome, or its intent as long as there is no outcome, which is "" then. `id`
    is the row's, `reason` the code of the error that it failed by; `has_operation` says that the operation
    can still be looked at."""

    id: int
    at: datetime
    action: str
    target: str
    actor: str
    through: str
    address: str
    operation_id: str
    outcome: str
    reason: str
    has_operation: bool


@dataclass(frozen=True)
class AuditFilter:
    """Which deeds: by that actor, of that action, on that target, with that outcome, from `since` to before
    `until`; what is empty asks for all. The outcome "open" is that of an intent that has none."""

    actor: str = ""
    action: str = ""
    target: str = ""
    outcome: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AuditList:
    """A part of all deeds, the newest first. `next_before` is where the older ones begin, 0 when none
    follow."""

    deeds: tuple[AuditDeed, ...]
    next_before: int


@dataclass(frozen=True)
class AuditVerdict:
    """What the verification `operation` found `at` a time: the `entries` that it read, and the `fault` with
    its `hint` and the `row` where it lies, if it lies in one; "" when all is as it was written."""

    operation: str
    at: datetime
    entries: int
    fault: str
    hint: str
    row: int | None


OUTCOMES = ("succeeded", "failed", "cancelled", "interrupted", "open")
EXPORTED = (
    "id",
    "at",
    "action",
    "target",
    "actor",
    "through",
    "address",
    "outcome",
    "reason",
    "operation_id",
)
_PART = 500  # deeds of an export that are read at once
_COLUMNS = tuple(_ROWS.c[one.name] for one in fields(AuditDeed) if one.name in _ROWS.c)
_VERIFICATION = _OPERATIONS.c.kind == verify_audit.declaration.kind


def list_audit(
    before: int = 0, limit: int = 50, faulty: int | None = None, wanted: AuditFilter | None = None
) -> AuditList:
    """At most `limit` deeds, the newest first, those that are `wanted`, older than the row `before` (0 for
    the newest); the row `faulty` is among them even where another stands for it. Raises InvalidInput,
    TooBroad, ServerError."""
    query = _query(before, faulty, wanted or AuditFilter()).limit(limit + 1)
    with patient_transaction() as session:
        found = tuple(_deed(**row) for row in session.execute(query).mappings())
    shown = found[:limit]
    return AuditList(shown, shown[-1].id if len(found) > limit else 0)


def all_audit(wanted: AuditFilter) -> Iterator[AuditDeed]:
    """Every deed of that filter, the newest first, for an export; a part of them in memory at a time. Needs
    an application context while it runs. Raises InvalidInput, TooBroad, ServerError."""
    before = 0
    while True:
        part = list_audit(before, _PART, wanted=wanted)
        yield from part.deeds
        before = part.next_before
        if not before:
            return


def _query(before: int, faulty: int | None, wanted: AuditFilter) -> Select[Any]:
    facts: tuple[Any, ...] = (
        *_COLUMNS,
        _ROWS.c.details,
        _OPERATIONS.c.id.is_not(None).label("has_operation"),
    )
    older = [_ROWS.c.id < before] if before else []
    return (
        select(*facts)
        .outerjoin(_OPERATIONS, _OPERATIONS.c.id == _ROWS.c.operation_id)
        .where(or_(not_(_is_answered()), _ROWS.c.id == faulty), *_conditions(wanted), *older)
        .order_by(_ROWS.c.id.desc())
    )


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    if wanted.outcome and wanted.outcome not in OUTCOMES:
        raise InvalidInput("There is no such outcome.", hint=f"Choose {', '.join(OUTCOMES)}.")
    found: list[ColumnElement[bool]] = []
    for column, text in (("actor", wanted.actor), ("action", wanted.action), ("target", wanted.target)):
        if text:
            found.append(_ROWS.c[column] == visible(text))
    if wanted.outcome:
        found.append(_ROWS.c.outcome == ("" if wanted.outcome == "open" else wanted.outcome))
    if wanted.since:
        found.append(_ROWS.c.at >= wanted.since)
    if wanted.until:
        found.append(_ROWS.c.at < wanted.until)
    return found


def last_verification() -> OperationRow | None:
    """The newest verification of the audit, under way or ended. Raises ServerError."""
    return _newest(_VERIFICATION)


def last_verdict() -> AuditVerdict | None:
    """What the newest verification said that came to the end of the audit or to a fault; one that was
    cancelled since does not take that back. Raises ServerError."""
    found = _OPERATIONS.c.error_code == AuditBroken.code
    one = _newest(_VERIFICATION & or_(_OPERATIONS.c.state == "succeeded", found))
    if one is None or one.finished_at is None:
        return None
    row = row_named_in(one.error_message)
    return AuditVerdict(one.id, one.finished_at, one.done, one.error_message, one.error_hint, row)


def _newest(wanted: ColumnElement[bool]) -> OperationRow | None:
    newest = select(*OPERATION_COLUMNS).where(wanted).order_by(_OPERATIONS.c.id.desc()).limit(1)
    with transaction() as session:
        row = session.execute(newest).mappings().first()
    return None if row is None else OperationRow.of(row)


def _is_answered() -> ColumnElement[bool]:
    """True of an intent whose outcome is there: that one row then stands for both."""
    answer = _ROWS.alias()
    same = (answer.c.operation_id == _ROWS.c.operation_id) & (answer.c.action == _ROWS.c.action)
    has_answer = exists().where(same, answer.c.event == "outcome")
    return and_(_ROWS.c.event == "intent", _ROWS.c.operation_id != "", has_answer)


def _deed(*, has_operation: Any, details: Any, **columns: Any) -> AuditDeed:
    reason = details.get("error", "") if isinstance(details, dict) else ""  # a forged row may hold anything
    return AuditDeed(**columns, reason=str(reason), has_operation=bool(has_operation))
