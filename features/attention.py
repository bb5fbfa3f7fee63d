"""What the navigation tells beside its pages, in one question: every page of the console asks it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, column, func, select, table
from sqlalchemy.exc import DBAPIError

from core.backup_levels import DAMAGED, VERIFIED
from core.errors import SchemaTooNew
from database.context import current_settings
from database.revisions import VERSION_TABLE, pending_revisions
from database.transactions import DatabaseSession, transaction
from features.backup_list import BRINGS_ALL_BACK, backups_of
from models import Backup, OperationRecord

_REVISIONS: Select[Any] = select(column("version_num")).select_from(table(VERSION_TABLE))


@dataclass(frozen=True)
class Attention:
    """How many operations run, how many backups are damaged and how many migrations the console's own
    database lacks (0 where that is not known), and when its newest verified backup of all of it was taken."""

    running: int
    damaged: int
    newest_verified_at: datetime | None
    pending: int


def read_attention() -> Attention:
    """All of it now. Needs an application context. Raises ServerError."""
    with transaction() as session:
        pending = _count_pending(session)
        is_verified = Backup.level.in_(VERIFIED) if pending else BRINGS_ALL_BACK  # its column may be pending
        running, damaged, newest = session.execute(_figures(is_verified)).one()
        return Attention(running, damaged, newest, pending)


def _figures(is_verified: ColumnElement[bool]) -> Select[int, int, datetime | None]:
    own = current_settings().database.name
    running = select(func.count()).where(OperationRecord.state == "running")
    damaged = select(func.count()).where(Backup.level == DAMAGED, backups_of(""))
    newest = select(func.max(Backup.taken_at)).where(is_verified, backups_of(own))
    return select(running.scalar_subquery(), damaged.scalar_subquery(), newest.scalar_subquery())


def _count_pending(session: DatabaseSession) -> int:
    try:
        current = tuple(session.scalars(_REVISIONS))
        return len(pending_revisions(current)) if current else 0
    except (DBAPIError, SchemaTooNew):  # a schema without revisions, or of a newer release
        session.rollback()
        return 0
