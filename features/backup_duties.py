"""What has to be done for backups without anybody's asking: new ones are proven, and what dead operations
left on servers is dropped. The worker does it again and again."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from core.backup_levels import Level
from core.clock import utc_now
from core.errors import AppError
from core.naming import fold
from core.progress import Operation
from database.adapters.backup import operation_of
from database.context import current_settings
from database.transactions import transaction
from features.backup_leftovers import LIVE
from features.backup_rows import BackupFacts, facts_of
from features.backup_subjects import find_subject
from features.databases import list_databases
from models import Backup, OperationRecord, Replacement

CARETAKER = "worker"  # the name that stands for whoever asks when nobody does
AGAIN = timedelta(hours=1)  # after which what failed is tried once more

_NEW = timedelta(days=7)
_VERIFY = "backup.verify"
_MAKE_SCRATCH = ("backup.create", _VERIFY, "backup.restore", "backup.undo")
_DEAD = ("failed", "interrupted", "cancelled")
_log = logging.getLogger("basekeeper.backups")


def next_verification() -> tuple[str, str] | None:
    """The name of a backup to be proven next, the newest first, and the level: as BACKUP_VERIFY says, each
    once; None while another is being proven. Needs an application context. Raises ServerError."""
    wanted = current_settings().backup_verify
    below = [level for level in Level if not level.reaches(wanted)]
    new = (
        select(Backup)
        .where(Backup.removed_at.is_(None), Backup.origin == "made", Backup.level.in_(below))
        .where(Backup.taken_at > utc_now() - _NEW)
        .order_by(Backup.taken_at.desc())
    )
    with transaction() as session:
        of_kind = select(OperationRecord.id).where(OperationRecord.kind == _VERIFY)
        if session.scalars(of_kind.where(OperationRecord.state.in_(LIVE)).limit(1)).first():
            return None
        backups = [facts_of(row) for row in session.scalars(new)]
    for backup in backups:
        if (level := _reachable(backup, wanted)) and not _was_asked(backup):
            return backup.name, level
    return None


def is_being_proven(backup: BackupFacts) -> bool:
    """True until the worker has proven a new one as far as BACKUP_VERIFY says, or has tried to. Needs an
    application context. Raises ServerError."""
    if backup.is_damaged or backup.taken_at < utc_now() - _NEW:
        return False
    is_below = bool(_reachable(backup, current_settings().backup_verify))
    return is_below and not _was_asked(backup, OperationRecord.state.not_in(LIVE))


def is_too_early(kind: str, target: str, arguments: dict[str, Any]) -> bool:
    """True when the worker asked for that less than AGAIN ago; what it asked of the same target with other
    arguments holds nothing back. Needs an application context."""
    asked = (
        select(OperationRecord.arguments)
        .where(OperationRecord.kind == kind, OperationRecord.target == fold(target))
        .where(OperationRecord.actor == CARETAKER, OperationRecord.created_at > utc_now() - AGAIN)
    )
    with transaction() as session:
        return arguments in session.scalars(asked).all()


def drop_scratch() -> tuple[str, ...]:
    """Drop the databases that operations of this console made for themselves alone and that are over; gives
    their names. Servers are asked only when an operation that may have left one did not end well, and what a
    restore was about to put in the place of another is settled first. Needs an application context. Raises
    ServerError for the console's own tables."""
    dead = _dead_operations()
    return tuple(name for database in _databases() for name in _drop_on(database, dead)) if dead else ()


def _reachable(backup: BackupFacts, wanted: Level) -> str:
    """How far it can be proven here, "" where it is proven so far already."""
    level = backup.provable(wanted, has_identity=bool(current_settings().backup_identity))
    return "" if Level(backup.level).reaches(level) else level


def _was_asked(backup: BackupFacts, *conditions: ColumnElement[bool]) -> bool:
    asked = select(OperationRecord.id).where(
        OperationRecord.kind == _VERIFY,
        OperationRecord.target == fold(backup.name),
        OperationRecord.actor == CARETAKER,
        *conditions,
    )
    with transaction() as session:
        return session.scalars(asked.limit(1)).first() is not None


def _dead_operations() -> frozenset[str]:
    again = OperationRecord.attempt > 1
    dead = select(OperationRecord.id).where(
        OperationRecord.kind.in_(_MAKE_SCRATCH),
        # What succeeded in its second attempt may not have needed what the first one left.
        or_(OperationRecord.state.in_(_DEAD), (OperationRecord.state == "succeeded") & again),
        OperationRecord.created_at > utc_now() - _NEW,
        OperationRecord.id.not_in(select(Replacement.operation_id).where(Replacement.state == "prepared")),
    )
    with transaction() as session:
        return frozenset(session.scalars(dead))


def _databases() -> Iterator[str]:
    yield current_settings().database.name
    yield from (facts.name for facts in list_databases())


def _drop_on(database: str, dead: frozenset[str]) -> Iterator[str]:
    try:
        adapter = find_subject(database).open_adapter()
        for name in adapter.leftovers():
            if operation_of(name) in dead:
                adapter.drop(Operation(id=operation_of(name)), name)
                _log.info("%s, left by an operation that is over, was dropped", name)
                yield name
    except AppError as error:  # it is not there now, or its password cannot be read: next time
        _log.debug("%s was not looked at for scratch databases: %s", database, error)
