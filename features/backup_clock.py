"""Whether the clock may be trusted with the age of backups: a clock that jumped must cost nobody a backup
(TRUST F9)."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import func, select

from core.text import duration
from database.transactions import transaction
from models import Backup, OperationRecord
from models.types import database_now

TOLERANCE = timedelta(minutes=5)


def clock_fault(now: datetime) -> str:
    """Why `now` cannot be right, in a sentence; "" when nothing speaks against it. Needs an application
    context. Raises ServerError."""
    taken = select(func.max(Backup.taken_at)).where(Backup.origin == "made")  # others' clocks are not ours
    newest = select(OperationRecord.created_at).order_by(OperationRecord.id.desc()).limit(1)
    with transaction() as session:
        seen = {
            "A backup was taken": session.scalar(taken),
            "An operation was begun": session.scalar(newest),
        }
        server = session.scalars(select(database_now())).one()
    for what, at in seen.items():
        if at is not None and at > now + TOLERANCE:
            return f"{what} at {at:%Y-%m-%d %H:%M} UTC, {duration((at - now).total_seconds())} from now."
    if abs(server - now) > TOLERANCE:
        apart = duration(abs(server - now).total_seconds())
        return f"The clock of the database's server and that of this machine are {apart} apart."
    return ""
