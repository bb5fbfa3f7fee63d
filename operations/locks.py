"""One operation per target at a time, and the second is told who holds it (ARCHITECTURE section 4, rule 5).

The lock is a row whose key is the target, written and removed in the same transactions as the operation's
own row. It names the process that holds it, or nobody while the operation waits in the queue. What becomes of
the lock of a process that is gone is said in takeover.py.

What makes or drops the very table of locks holds the database's native lock NATIVE_LOCK too, on a connection
of its own, so that two of them exclude each other while there is no table. Whatever changes the schema takes
another native lock (database/schema_lock.py) on another connection: two names, since with one the process
would wait for itself. Whoever takes both takes NATIVE_LOCK first."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from core.errors import HeldBy, TargetBusy
from core.settings import Settings
from core.text import visible
from database.adapters import closing_connection
from database.files import make_database_file
from models import TargetLock
from operations.processes import ProcessMark, is_alive, is_gone, this_process
from operations.rows import clip, table_of
from operations.runs import Run

NATIVE_LOCK = "basekeeper-operation"
_LOCKS = table_of(TargetLock)

# The holder of what waits in the queue: no process yet, so that none can be gone.
QUEUED = ProcessMark("", 0, "")

# What this process runs now, and how many attempts of it: a lock it holds for an operation that is not among
# them was left behind, when the database was away as that operation ended.
_running: Counter[str] = Counter()


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
            return not _running[self.operation_id]
        return is_gone(self.mark)

    @property
    def is_alive(self) -> bool:
        """True when it is seen from here that somebody works under this lock."""
        if self.mark == this_process():
            return bool(_running[self.operation_id])
        return is_alive(self.mark)


@contextmanager
def running(id: str) -> Iterator[None]:
    """Say for as long as the context lasts that this process runs the operation `id`."""
    _running[id] += 1
    try:
        yield
    finally:
        _running[id] -= 1


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


def take_lock(connection: Connection, run: Run, mark: ProcessMark = QUEUED) -> None:
    """Take the lock of `run.target` for the process `mark` within the caller's transaction. Raises
    TargetBusy; IntegrityError when another was faster by a hair: run the transaction again."""
    holder = find_holder(connection, run.target)
    if holder:
        raise busy(holder)
    values = {
        "target": clip(run.target, _LOCKS.c.target),
        "operation_id": run.id,
        "title": clip(run.title, _LOCKS.c.title),
        "actor": clip(run.actor.name, _LOCKS.c.actor),
        "taken_at": run.started_at,
    }
    connection.execute(insert(_LOCKS).values(**values, **asdict(mark)))


def free_lock(connection: Connection, run: Run) -> None:
    """Let the target go, if `run` holds it, within the caller's transaction."""
    connection.execute(delete(_LOCKS).where(_LOCKS.c.operation_id == run.id))


def pass_lock(connection: Connection, operation_id: str, mark: ProcessMark) -> bool:
    """Let the process `mark` hold what that operation holds; False when it holds nothing."""
    change = update(_LOCKS).where(_LOCKS.c.operation_id == operation_id)
    return bool(connection.execute(change.values(**asdict(mark))).rowcount)


def find_holder(connection: Connection, target: str) -> Holder | None:
    """Who holds `target` now, dead or alive."""
    name = clip(target, _LOCKS.c.target)
    row = connection.execute(select(_LOCKS).where(_LOCKS.c.target == name)).first()
    return None if row is None else _holder(row)


def all_holders(connection: Connection) -> tuple[Holder, ...]:
    """Whoever holds a target, dead or alive."""
    return tuple(_holder(row) for row in connection.execute(select(_LOCKS)))


def remove_lock(connection: Connection, holder: Holder) -> bool:
    """Take the lock away from `holder`; False when another did a moment ago."""
    mine = (_LOCKS.c.target == holder.target) & (_LOCKS.c.operation_id == holder.operation_id)
    return bool(connection.execute(delete(_LOCKS).where(mine)).rowcount)


def busy(holder: Holder) -> TargetBusy:
    """The error that says who holds the target, since when, and the way out."""
    where = "in the queue"
    if holder.mark != QUEUED:
        where = f"process {holder.mark.pid} on {holder.mark.host}"
    error = TargetBusy(
        f'{holder.target} is held by "{holder.title}", which {holder.actor} started at '
        f"{holder.taken_at:%Y-%m-%d %H:%M:%S} UTC (operation {holder.operation_id}, {where}).",
        hint=_way_out(holder),
    )
    error.holder = HeldBy(holder.target, holder.operation_id, holder.title, holder.actor, holder.taken_at)
    return error


def _holder(row: Row[Any]) -> Holder:
    mark = ProcessMark(row.host, row.pid, row.process)
    return Holder(row.target, row.operation_id, row.title, row.actor, row.taken_at, mark)


def _way_out(holder: Holder) -> str:
    if holder.is_alive:
        return "Wait until it has ended."
    if holder.mark == QUEUED:
        return "Wait until it has ended, or cancel it."
    command = f"python manage_db.py release-lock {shlex.quote(visible(holder.target))}"
    return f"Wait until it has ended. If that process is gone for good, run: {command}"
