"""The attempts at a backup that made none."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import func, select

from core.naming import fold
from database.transactions import transaction
from models import OperationRecord
from models.types import utc_day

KIND = "backup.create"
_FAILED = ("failed", "interrupted")  # a cancel is somebody's wish


def failures_of(database: str, since: datetime, until: datetime) -> dict[date, int]:
    """How many there were on each UTC day, of one database or of all for "". Needs an application context.
    Raises ServerError."""
    began = func.coalesce(OperationRecord.started_at, OperationRecord.created_at)
    day = utc_day(began)
    which = [OperationRecord.kind == KIND, OperationRecord.state.in_(_FAILED), began >= since, began < until]
    if database:
        which.append(OperationRecord.target == fold(database))
    with transaction() as session:
        rows = session.execute(select(day, func.count()).where(*which).group_by(day))
        return {row[0]: row[1] for row in rows}


def failed_at_last() -> frozenset[str]:
    """The databases, folded, whose last attempt at a backup made none. Needs an application context. Raises
    ServerError."""
    ended = OperationRecord.state.in_(("succeeded", *_FAILED))
    last = select(func.max(OperationRecord.id)).where(OperationRecord.kind == KIND, ended)
    failed = select(OperationRecord.target).where(
        OperationRecord.id.in_(last.group_by(OperationRecord.target)), OperationRecord.state.in_(_FAILED)
    )
    with transaction() as session:
        return frozenset(session.scalars(failed))
