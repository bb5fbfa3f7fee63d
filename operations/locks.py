"""One operation per target at a time, and the second is told who holds it (ARCHITECTURE section 4, rule 5).

The lock is a row whose key is the target, written and removed in the same transactions as the operation's
own row. It names the process that holds it: when that one is certainly gone (killed, machine started anew),
the next to come takes the lock over and the dead operation becomes `interrupted`.

What makes or drops the very table of locks holds the database's native lock NATIVE_LOCK too, on a connection
of its own, so that two of them exclude each other while there is no table. Whatever changes the schema takes
another native lock (database/schema_lock.py) on another connection: two names, since with one the process
would wait for itself. Whoever takes both takes NATIVE_LOCK first."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, Row, delete, insert, select, update

from core.actor import Actor
from core.clock import utc_now
from core.errors import NotFound, TargetBusy
from core.settings import Settings
from core.text import visible
from database.adapters import closing_connection
from database.files import make_database_file
from models import OperationRecord, TargetLock
from operations.audit import AuditEntry, append
from operations.processes import ProcessMark, is_alive, is_gone, this_process
from operations.rows import clip, table_of
from operations.runs import Run
from operations.tables import has_tables, refuse_newer
from operations.transactions import OwnConnection

T = TypeVar("T")

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

    @property
    def is_alive(self) -> bool:
        """True when it is seen from here that somebody works under this lock."""
        if self.mark == this_process():
            return self.operation_id in _running
        return is_alive(self.mark)


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
    settle(connection, run.actor)
    holder = find_holder(connection, run.target)
    if holder:
        raise _busy(holder)
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
    return None if row is None else _holder(row)


def settle(connection: Connection, actor: Actor) -> tuple[Holder, ...]:
    """Free whatever is held by processes that are gone, and mark their operations `interrupted`, within the
    caller's transaction; gives those holders."""
    holders = tuple(_holder(row) for row in connection.execute(select(_LOCKS)).all())
    gone = tuple(holder for holder in holders if holder.is_gone)
    for holder in gone:
        _interrupt(connection, holder, actor)
    return gone


def settle_dead_operations(settings: Settings, actor: Actor) -> tuple[Holder, ...]:
    """The same in a transaction of its own, for a program that starts; nothing where the tables are missing.
    Needs an application context. Raises SchemaTooNew, ServerError."""

    def work(open_connection: Connection) -> tuple[Holder, ...]:
        refuse_newer(open_connection)
        return settle(open_connection, actor) if has_tables(open_connection) else ()

    return _insist(settings, work)


def release_lock(settings: Settings, target: str, actor: Actor) -> Holder:
    """Take the lock of `target` away from whoever holds it: for a holder on a machine that is gone for good,
    which no other machine can tell. Needs an application context. Raises NotFound, TargetBusy for a holder
    that is seen to live, ServerError."""

    def release(open_connection: Connection) -> Holder:
        holder = find_holder(open_connection, target)
        if holder is None:
            raise NotFound(f"Nobody holds {visible(target)}.")
        if holder.is_alive:
            raise _busy(holder)
        _interrupt(open_connection, holder, actor)
        return holder

    return _insist(settings, release)


def _insist(settings: Settings, work: Callable[[Connection], T]) -> T:
    with closing(OwnConnection(settings.database)) as connection:
        return connection.insist(work)


def _holder(row: Row[Any]) -> Holder:
    mark = ProcessMark(row.host, row.pid, row.process)
    return Holder(row.target, row.operation_id, row.title, row.actor, row.taken_at, mark)


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
        hint=_way_out(holder),
    )


def _way_out(holder: Holder) -> str:
    if holder.is_alive:
        return "Wait until it has ended."
    command = f"python manage_db.py release-lock {shlex.quote(visible(holder.target))}"
    return f"Wait until it has ended. If that process is gone for good, run: {command}"
