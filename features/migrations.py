"""Migrations: what is pending, what was applied, and bringing a database to a revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.connection import ConnectionParameters
from core.progress import Operation, operation
from core.text import plural
from database import migrator, schema
from database.adapters import closing_connection
from database.migrator import AppliedRevision
from database.revisions import Revision, head_revision, known_revisions, pending_revisions
from models import MigrationHistory, db


@dataclass(frozen=True)
class MigrationState:
    """`current` is empty before the first migration; `pending` is oldest first."""

    current: tuple[str, ...]
    head: str
    pending: tuple[Revision, ...]


@dataclass(frozen=True)
class HistoryEntry:
    """One applied migration. `duration` is in seconds."""

    applied_at: datetime
    revision: str
    name: str
    applied_by: str
    duration: float


def read_state(database: ConnectionParameters, timeout: float = 10) -> MigrationState:
    """Current, newest and pending revisions. Raises ConnectionFailed, SchemaTooNew."""
    with closing_connection(database, timeout) as (adapter, connection):
        current = adapter.revisions(connection)
    return MigrationState(current, head_revision(), pending_revisions(current))


def read_history() -> tuple[HistoryEntry, ...]:
    """The applied migrations of the application database, oldest first."""
    rows = db.session.scalars(select(MigrationHistory).order_by(MigrationHistory.id))
    return tuple(
        HistoryEntry(row.applied_at, row.revision, row.migration_name, row.applied_by, row.duration)
        for row in rows
    )
