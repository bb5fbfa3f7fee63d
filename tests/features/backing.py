"""Rows of backups that nobody took, for tests of what is made of rows alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import select

from core.backup_levels import Level
from core.clock import utc_now
from core.naming import new_id
from core.settings import Settings
from database.adapters.backup import operation_of
from database.context import application_context
from database.transactions import transaction
from features.backup_rows import BackupFacts, facts_of
from features.backup_subjects import find_subject
from models import Backup, OperationRecord


def backup_row(database: str = "shop", *, days: float = 0, level: str = Level.EQUAL, **more: Any) -> Backup:
    """A backup of that age."""
    id = new_id()
    taken_at = utc_now() - timedelta(days=days)
    given = {
        "id": id,
        "database": database,
        "made_by": "ada",
        "dialect": "sqlite",
        "file": f"{database}-{taken_at:%Y%m%d-%H%M%S}-{id}.db.zst",
        "sha256": sha256(b"x").hexdigest(),  # what tests write into its file
        "size": 1000,
        "taken_at": taken_at,
        "proven_at": taken_at,
        "level": level,
    }
    return Backup(**given | more)


def add_backup(database: str = "shop", **more: Any) -> BackupFacts:
    """The row in the console's tables. Needs an application context."""
    with transaction() as session:
        row = backup_row(database, **more)
        session.add(row)
        session.flush()
        return facts_of(row)


def left_behind(settings: Settings, database: str = "shop") -> tuple[str, ...]:
    """What operations of this console made for themselves alone and is still there. Others use the server."""
    with application_context(settings):
        with transaction() as session:
            ours = frozenset(session.scalars(select(OperationRecord.id)))
        found = find_subject(database).open_adapter().leftovers()
    return tuple(name for name in found if operation_of(name) in ours)


def days_of(backups: Any, now: datetime | None = None) -> list[int]:
    """How many days old they are, rounded."""
    return [round(((now or utc_now()) - one.taken_at) / timedelta(days=1)) for one in backups]
