"""Checks that only the console can make, on its own tables: does a worker take up what is queued, do the
registered databases answer, are all backups whole and new, are all indexes there, what did the last
verifications find. Each needs an application context."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import case, func, or_, select

from core.backup_levels import DAMAGED
from core.clock import monotonic, utc_now
from core.naming import fold
from core.text import duration, plural
from database.context import current_settings
from database.transactions import transaction
from features.backup_failures import failed_at_last
from features.backup_list import BRINGS_ALL_BACK
from features.backup_rows import name_of
from features.database_probe import Outcome
from features.database_rows import UNKNOWN
from features.databases import list_databases
from features.health_report import Check, Status
from features.seed_indexes import databases_without_indexes
from models import Backup, OperationRecord, RegisteredDatabase
from models.types import database_now

PATIENCE = timedelta(seconds=30)  # what is queued for longer waits for a worker, unless one is at work
WELL = (Outcome.REACHABLE, UNKNOWN)  # states of a registered database that need nobody
_NAMED = 3  # databases that one line can hold

# Each verification: the name of its check, its kind, the error by which it tells a fault, how that weighs,
# and what to do.
_VERIFICATIONS = (
    (
        "audit", "audit.verify", "audit_broken", Status.UNHEALTHY,
        "Keep the database as it is, and compare it with a backup from before.",
    ),
    (
        "schema", "schema.verify", "schema_fault", Status.DEGRADED,
        "Mend it, then verify again: python manage_db.py verify",
    ),
)  # fmt: skip


def check_console() -> tuple[Check, ...]:
    """All of them. Raises ServerError."""
    found: list[Check] = []
    for look in (_worker, _databases, _backups, _indexes, _verifications):
        found += _timed(look)
    return tuple(found)


def _worker() -> Iterator[Check]:
    """Does anybody take up what is queued?"""
    since = func.coalesce(OperationRecord.heartbeat_at, OperationRecord.created_at)
    with transaction() as session:
        now = session.scalars(select(database_now())).one()
        late = select(func.count(), func.min(since)).where(
            OperationRecord.state == "queued", since < now - PATIENCE
        )
        count, first = session.execute(late).one()
        working = select(OperationRecord.id).where(
            OperationRecord.state == "running",
            OperationRecord.lease_until > now,
            OperationRecord.arguments.is_not(None),  # it came out of the queue
        )
        is_busy = session.execute(working.limit(1)).first() is not None
    yield _worker_check(count, first or now, now, is_busy)


def _worker_check(count: int, first: datetime, now: datetime, is_busy: bool) -> Check:
    if not count:
        return Check("worker", Status.HEALTHY, "no operation waits for one")
    verb, them = ("waits", "it") if count == 1 else ("wait", "them")
    if is_busy:
        return Check("worker", Status.HEALTHY, f"{plural(count, 'operation')} {verb} while another runs")
    since = duration((now - first).total_seconds())
    value = f"{plural(count, 'operation')} {verb}, the first for {since}, and nobody takes {them} up"
    return Check("worker", Status.DEGRADED, value, "Start the worker: python manage_db.py worker")


def _databases() -> Iterator[Check]:
    """Do the registered databases answer, as far as the last look at each says?"""
    failing = RegisteredDatabase.state.not_in(WELL)
    with transaction() as session:
        total = session.scalar(select(func.count()).select_from(RegisteredDatabase)) or 0
        names = session.scalars(select(RegisteredDatabase.name).where(failing).order_by("name")).all()
    if not total:
        return
    if not names:
        value = f"{plural(total, 'registered database')}, none in trouble{_exceptions()}"
        yield Check("databases", Status.HEALTHY, value)
        return
    value = f"{len(names)} of {total} in trouble: {_some(names)}{_exceptions()}"
    yield Check("databases", Status.DEGRADED, value, "Each says on its row what is wrong.")


def _exceptions() -> str:
    """The databases that are reached over a way less protected than is usual (TRUST C6): reported, never
    held against anyone."""
    exposed = [f"{one.name} (TLS {one.fields.tls_mode})" for one in list_databases() if one.fields.exposure]
    return f"; TLS exceptions: {', '.join(exposed)}" if exposed else ""


def _backups() -> Iterator[Check]:
    """Is every backup what was stored, did the last attempt at one succeed, and has every registered
    database that is backed up a verified one that is new enough? Silent where there is nothing to say."""
    damaged = select(Backup.file).where(Backup.level == DAMAGED, Backup.removed_at.is_(None))
    with transaction() as session:
        names = [name_of(file) for file in session.scalars(damaged.order_by(Backup.taken_at.desc()))]
    found = [f"{len(names)} damaged: {_some(names)}"] if names else []
    names = [current_settings().database.name, *(one.name for one in list_databases())]
    failed = failed_at_last()
    if failing := [name for name in names if fold(name) in failed]:
        found.append(f"the last one failed: {_some(failing)}")
    if overdue := _overdue():
        found.append(f"none verified that is new enough: {_some(overdue)}")
    if found:
        hint = "Back up again, see that a worker runs, and look at the disk they lie on."
        yield Check("backups", Status.DEGRADED, "; ".join(found), hint)


def _overdue() -> list[str]:
    hours = current_settings().backup_target_hours
    if hours is None:
        return []
    newest = func.max(case((BRINGS_ALL_BACK, Backup.taken_at)))
    backed_up = (
        select(RegisteredDatabase.name, newest)
        .join(Backup, Backup.database_id == RegisteredDatabase.id)
        .where(Backup.removed_at.is_(None))
        .group_by(RegisteredDatabase.name)
        .order_by(RegisteredDatabase.name)
    )
    since = utc_now() - timedelta(hours=hours)
    with transaction() as session:
        return [row[0] for row in session.execute(backed_up) if row[1] is None or row[1] < since]


def _indexes() -> Iterator[Check]:
    """Is every index back that a seeding had set aside? Silent where that is so."""
    if names := databases_without_indexes():
        value = f"set aside by a seeding that was cut off: {_some(names)}"
        hint = "A worker puts them back: python manage_db.py worker"
        yield Check("indexes", Status.DEGRADED, value, hint)


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _verifications() -> Iterator[Check]:
    """What did the newest verification of each kind find? Silent where there was none."""
    ended = func.coalesce(OperationRecord.finished_at, OperationRecord.created_at)
    for name, kind, code, weight, hint in _VERIFICATIONS:
        newest = (
            select(OperationRecord.state, OperationRecord.error_message, ended.label("ended"))
            .where(
                OperationRecord.kind == kind,
                or_(OperationRecord.state == "succeeded", OperationRecord.error_code == code),
            )
            .order_by(OperationRecord.id.desc())
            .limit(1)
        )
        with transaction() as session:
            row = session.execute(newest).first()
        if row and row.state == "succeeded":
            yield Check(name, Status.HEALTHY, "verified", at=row.ended)
        elif row:
            yield Check(name, weight, row.error_message, hint)


def _timed(look: Callable[[], Iterator[Check]]) -> list[Check]:
    began = monotonic()
    found = list(look())
    milliseconds = round((monotonic() - began) * 1000, 1)
    return [replace(check, milliseconds=milliseconds) for check in found]
