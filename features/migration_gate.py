"""What stands before a migration: a backup that is proven, room for another, and nobody else at work."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from core.backup_levels import VERIFIED, Level
from core.clock import utc_now
from core.errors import Conflict
from core.naming import fold
from core.progress import Operation
from core.text import duration, size
from database.adapters import closing_connection
from database.archive_reader import opened_backup
from database.backups import Order, take_backup
from database.context import current_settings
from database.migration_log import LOG_TABLE
from database.revisions import VERSION_TABLE
from database.transactions import transaction
from features.backup_files import backup_folder
from features.backup_leftovers import recover_backups
from features.backup_list import BRINGS_ALL_BACK, backups_of
from features.backup_rows import BackupFacts, name_of
from features.backup_verification import verify_backup
from features.backups import create_backup, list_backups
from features.health_disks import free_space, nearest
from features.migration_runs import has_table, is_current
from features.migration_trees import Tree
from models import Backup, TargetLock

_TIMEOUT = 30.0
_ROOM = 1.2  # times what the last one took


@dataclass(frozen=True)
class GateCheck:
    """One thing that was looked at."""

    title: str
    is_open: bool
    details: str
    hint: str = ""


@dataclass(frozen=True)
class Verified:
    """The newest backup that brings all of the database back."""

    name: str
    level: str
    taken_at: datetime


@dataclass(frozen=True)
class Gate:
    """All of them; open when each is. `takes_backup` says that a backup is taken before anything else."""

    checks: tuple[GateCheck, ...]
    takes_backup: bool
    newest: Verified | None = None

    @property
    def is_open(self) -> bool:
        """True when nothing stands in the way."""
        return all(check.is_open for check in self.checks)


def read_gate(tree: Tree, *, skip_backup: bool = False, operation_id: str = "") -> Gate:
    """Look at it, and change nothing; what the operation `operation_id` holds is not in its own way. Needs
    an application context."""
    settings = current_settings()
    newest = _newest_verified(tree)
    takes_backup = not (skip_backup or settings.skip_backup) and holds_tables(tree)
    checks = []
    if settings.migration_backup_hours:
        checks.append(_young_enough(tree, newest, settings.migration_backup_hours))
    if takes_backup:
        checks.append(_room(tree))
    if has_table(TargetLock.__tablename__):
        checks.append(_nobody_else(tree, operation_id))
    return Gate(tuple(checks), takes_backup, newest)


def pass_gate(gate: Gate) -> None:
    """Raises Conflict that says what stands in the way."""
    for check in gate.checks:
        if not check.is_open:
            raise Conflict(f"{check.title}: {check.details}.", hint=check.hint)


def holds_tables(tree: Tree) -> bool:
    """False for an empty database, of which there is nothing to back up."""
    with closing_connection(tree.parameters, _TIMEOUT) as (adapter, connection):
        return bool(adapter.schema_names(connection).tables - {VERSION_TABLE, LOG_TABLE})


def back_up(op: Operation, tree: Tree, made_by: str) -> str:
    """A backup of what is there now, proven readable; gives its name."""
    op.phase("Back up what is there now")
    if not is_current(Backup.__tablename__):
        return _unwritten(op, tree, made_by)
    made = create_backup(op, tree.name, made_by=made_by, reason="before migration")
    is_locked = made.encrypted_to and not current_settings().backup_identity
    verify_backup(op, made.id, Level.INTACT if is_locked else Level.READABLE)
    return made.name


def _unwritten(op: Operation, tree: Tree, made_by: str) -> str:
    """One that is written down later: the table of backups is not there yet, or an older one."""
    settings, adapter = current_settings(), tree.subject.open_adapter()
    order = Order(op.id, tree.name, made_by, recipient=settings.backup_encryption_key)
    manifest = take_backup(op, adapter, backup_folder(), order).manifest
    with opened_backup(op, backup_folder(), manifest, settings.backup_identity) as source:
        if not manifest.encrypted_to or settings.backup_identity:
            op.note(f"It is readable: {adapter.check_readable(op, source)}.")
    data = manifest.file("data")
    assert data, "a backup without data is none"
    return name_of(data.name)


def write_down_backups(op: Operation) -> None:
    """What was backed up before the table of backups was there or was migrated, if it was by now."""
    if is_current(Backup.__tablename__):
        recover_backups(ended=op.id)


def _newest_verified(tree: Tree) -> Verified | None:
    """Asks for columns alone that a table of an older release has too, which is about to be migrated."""
    table = Backup.__tablename__
    if not has_table(table):
        return None
    is_verified = BRINGS_ALL_BACK if is_current(table) else Backup.level.in_(VERIFIED)
    verified = select(Backup.file, Backup.level, Backup.taken_at).where(backups_of(tree.name), is_verified)
    with transaction() as session:
        row = session.execute(verified.order_by(Backup.taken_at.desc()).limit(1)).first()
    return Verified(name_of(row.file), row.level, row.taken_at) if row else None


def _young_enough(tree: Tree, newest: Verified | None, hours: int) -> GateCheck:
    title = f"A verified backup under {hours} h old"
    hint = f"Run: python manage_db.py backup {tree.name} --verify equal"
    if newest is None:
        return GateCheck(title, False, "there is none", hint)
    age = utc_now() - newest.taken_at
    is_young = age <= timedelta(hours=hours)
    return GateCheck(title, is_young, f"{newest.name}, {duration(age.total_seconds())} old", hint)


def _room(tree: Tree) -> GateCheck:
    known = list_backups(tree.name).backups if is_current(Backup.__tablename__) else ()
    last = next((one for one in known if one.is_whole), None)
    needed = round(last.size * _growth(tree, last)) if last else 0
    free = free_space(str(nearest(current_settings().backup_dir)))
    is_enough = free is None or free > needed * _ROOM
    wanted = f"about {size(needed)} needed" if needed else "not known how much is needed"
    there = "not known how much is free" if free is None else f"{size(free)} free"
    return GateCheck("Room for a fresh backup", is_enough, f"{wanted}, {there}", "Make room in BACKUP_DIR.")


def _growth(tree: Tree, last: BackupFacts) -> float:
    """How many times as large the database is as when that backup was taken; 1 where that is not known."""
    if not last.data_size:
        return 1.0
    with closing_connection(tree.parameters, _TIMEOUT) as (adapter, connection):
        return max(1.0, adapter.database_size(connection) / last.data_size)


def _nobody_else(tree: Tree, operation_id: str) -> GateCheck:
    is_its = (TargetLock.target == fold(tree.name)) & (TargetLock.operation_id != operation_id)
    with transaction() as session:
        held = session.scalars(select(TargetLock).where(is_its)).first()
        said = f'"{held.title}" of {held.actor} holds it' if held else "free"
    return GateCheck("Nobody else holds the lock", held is None, said, "Wait until it has ended.")
