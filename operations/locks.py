"""One operation per target at a time, and the second is told who holds it (ARCHITECTURE section 4, rule 5).

The lock is a row whose key is the target, written and removed in the same transactions as the operation's
own row. It names the process that holds it: when that one is certainly gone (killed, machine started anew),
the next to come takes the lock over and the dead operation becomes `interrupted`.

What makes or drops the very table of locks holds the database's native lock NATIVE_LOCK too, on a connection
of its own, so that two of them exclude each other while there is no table. Whatever changes the schema takes
another native lock (database/schema_lock.py) on another connection: two names, since with one the process
would wait for itself. Whoever takes both takes NATIVE_LOCK first."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from core.actor import Actor
from core.clock import utc_now
from core.errors import NotFound, TargetBusy
from core.settings import Settings
from database.adapters import closing_connection
from database.files import make_database_file
from models import OperationRecord, TargetLock
from operations.audit import AuditEntry, append
from operations.processes import ProcessMark, is_gone, this_process
from operations.rows import clip, table_of
from operations.runs import Run
from operations.transactions import OwnConnection

NATIVE_LOCK = "basekeeper-operation"
_LOCKS = table_of(TargetLock)
_OPERATIONS = table_of(OperationRecord)

# What this process runs now: a lock it holds for an operation that is not among them was left behind, when
# the database was away as that operation ended.
_running: set[str] = set()


@dataclass(frozen=True)
class Holder:
    """Who holds a target."""

    target: str
    operation_id: str
    title: str
    actor: str
    taken_at: datetime
    mark: ProcessMark

    @property
    def is_gone(self) -> bool:
        """True when it is certain that nobody works under this lock any more."""
        if self.mark == this_process():
            return self.operation_id not in _running
        return is_gone(self.mark)


@contextmanager
def running(run: Run) -> Iterator[None]:
    """Say for as long as the context lasts that this process runs `run`."""
    _running.add(run.id)
    try:
        yield
    finally:
        _running.discard(run.id)


@contextmanager
def native_lock(settings: Settings) -> Iterator[None]:
    """Hold the native lock of our own database without waiting; a database file that is not there yet is
    made first. Raises TargetBusy, ServerError."""
    parameters = settings.migration_database
    make_database_file(parameters)
    with (
        closing_connection(parameters, settings.db_connect_timeout) as (adapter, connection),
        adapter.native_lock(connection, NATIVE_LOCK, patience=0),
    ):
        yield


def take_lock(connection: Connection, run: Run) -> None:
    """Take the lock of `run.target` within the caller's transaction. Raises TargetBusy; IntegrityError when
    another was faster by a hair: run the transaction again."""
    holder = find_holder(connection, run.target)
    if holder and not holder.is_gone:
        raise _busy(holder)
    if holder:
        _interrupt(connection, holder, run.actor)
    mark = this_process()
    values = {
        "target": clip(run.target, _LOCKS.c.target),
        "operation_id": run.id,
        "title": clip(run.title, _LOCKS.c.title),
        "actor": clip(run.actor.name, _LOCKS.c.actor),
        "taken_at": run.started_at,
    }
    connection.execute(insert(_LOCKS).values(**values, host=mark.host, pid=mark.pid, process=mark.process))


def free_lock(connection: Connection, run: Run) -> None:
    """Let the target go, if `run` holds it, within the caller's transaction."""
    connection.execute(delete(_LOCKS).where(_LOCKS.c.operation_id == run.id))


def find_holder(connection: Connection, target: str) -> Holder | None:
    """Who holds `target` now, dead or alive."""
    name = clip(target, _LOCKS.c.target)
    row = connection.execute(select(_LOCKS).where(_LOCKS.c.target == name)).first()
    if row is None:
        return None
    mark = ProcessMark(row.host, row.pid, row.process)
    return Holder(row.target, row.operation_id, row.title, row.actor, row.taken_at, mark)


def release_lock(settings: Settings, target: str, actor: Actor) -> Holder:
    """Take the lock of `target` away from whoever holds it: for a holder on a machine that is gone for good,
    which no other machine can tell. Needs an application context. Raises NotFound, ServerError."""

    def release(open_connection: Connection) -> Holder:
        holder = find_holder(open_connection, target)
        if holder is None:
            raise NotFound(f"Nobody holds {target}.")
        _interrupt(open_connection, holder, actor)
        return holder

    connection = OwnConnection(settings.database)
    try:
        return connection.insist(release)
    finally:
        connection.close()


def _interrupt(connection: Connection, holder: Holder, actor: Actor) -> None:
    """Remove the lock, and say in the operation's row and in the audit that it ended with no outcome."""
    mine = (_LOCKS.c.target == holder.target) & (_LOCKS.c.operation_id == holder.operation_id)
    if not connection.execute(delete(_LOCKS).where(mine)).rowcount:
        return  # another took it over a moment ago
    dead = _OPERATIONS.c.id == holder.operation_id
    connection.execute(
        update(_OPERATIONS)
        .where(dead, _OPERATIONS.c.state == "running")
        .values(
            state="interrupted",
            finished_at=utc_now(),
            error_code="interrupted",
            error_message=f"Process {holder.mark.pid} on {holder.mark.host} ended before the work did.",
            error_hint="Look at the target, then run it again.",
        )
    )
    kind = connection.execute(select(_OPERATIONS.c.kind).where(dead)).scalar() or "operation.run"
    facts = {"target": holder.target, "operation_id": holder.operation_id, "outcome": "interrupted"}
    append(connection, AuditEntry.of(actor, event="outcome", action=kind, **facts))


def _busy(holder: Holder) -> TargetBusy:
    return TargetBusy(
        f'{holder.target} is held by "{holder.title}", which {holder.actor} started at '
        f"{holder.taken_at:%Y-%m-%d %H:%M:%S} UTC (operation {holder.operation_id}, "
        f"process {holder.mark.pid} on {holder.mark.host}).",
        hint="Wait until it has ended.",
    )
