"""Which backups an operation works with now: those are not let go."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import select

from core.naming import fold
from database.transactions import DatabaseSession
from features.backup_leftovers import LIVE
from features.backup_rows import BackupFacts
from models import OperationRecord


def names_in_use(session: DatabaseSession) -> frozenset[str]:
    """Every word by which the operations that wait or run name what they work on, folded."""
    columns = (OperationRecord.title, OperationRecord.target, OperationRecord.arguments)
    rows = session.execute(select(*columns).where(OperationRecord.state.in_(LIVE))).all()
    return frozenset(fold(word) for title, target, given in rows for word in _words(title, target, given))


def is_used(backup: BackupFacts, used: frozenset[str]) -> bool:
    """True when one of them names it."""
    return backup.id in used or fold(backup.name) in used


def _words(title: str, target: str, given: object) -> Iterator[str]:
    yield from title.split()
    yield from target.split()
    if isinstance(given, dict):
        yield from (value for value in given.values() if isinstance(value, str))
