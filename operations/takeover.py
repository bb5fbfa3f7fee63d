"""What becomes of an operation whose worker is gone: queued again while it has attempts left, else ended as
interrupted, or as cancelled when that was asked for. Decided from what is seen: the process has ended for
certain, or the lease ran out by the database's clock (TRUST D7).

Each change names the attempt it found, so that of two who take over one does, and none takes over what was
renewed in between."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, Connection, Row, insert, select, true, update

from core.actor import Actor
from core.clock import utc_now
from core.connection import ConnectionParameters
from core.errors import NotFound
from core.naming import fold
from core.settings import Settings
from core.text import visible
from models import OperationLine, OperationRecord
from models.types import database_now
from operations import leases
from operations.audit import AuditEntry, append
from operations.life import is_proven_by_file, lives
from operations.locks import QUEUED, Holder, all_holders, busy, find_holder, pass_lock, remove_lock
from operations.processes import this_process
from operations.rows import clip, table_of
from operations.tables import has_tables, refuse_newer
from operations.transactions import OwnConnection

T = TypeVar("T")

_OPERATIONS = table_of(OperationRecord)
_LINES = table_of(OperationLine)


def settle(connection: Connection, actor: Actor) -> tuple[Holder, ...]:
    """Take over whatever is held by processes that have ended, within the caller's transaction; gives those
    holders."""
    gone = tuple(holder for holder in all_holders(connection) if holder.is_gone)
    for holder in gone:
        is_here = holder.mark == this_process()
        why = "lost the database before it could record the end" if is_here else "ended before the work did"
        _take_over(connection, holder, actor, _Loss(why))
    return gone


def settle_lapsed(connection: Connection, database: ConnectionParameters, actor: Actor) -> tuple[Holder, ...]:
    """The same for what nobody has renewed in time, unless its process proves that it lives."""
    ran_out = _OPERATIONS.c.lease_until < database_now()
    columns = (_OPERATIONS.c.id, _OPERATIONS.c.target, _OPERATIONS.c.lease_until)
    lapsed: list[Holder] = []
    for row in connection.execute(select(*columns).where(_OPERATIONS.c.state == "running", ran_out)).all():
        holder = find_holder(connection, row.target)
        if holder is None or holder.operation_id != row.id:
            continue
        if is_proven_by_file(database) and lives(database, holder.mark):
            continue
        not_renewed = _OPERATIONS.c.lease_until == row.lease_until
        silent = _Loss(f"was not heard for {leases.LEASE:g} s", only_if=not_renewed)
        _take_over(connection, holder, actor, silent)
        lapsed.append(holder)
    return tuple(lapsed)


def settle_dead_operations(settings: Settings, actor: Actor) -> tuple[Holder, ...]:
    """`settle` in a transaction of its own, for a program that starts; nothing where the tables are missing.
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
        holder = find_holder(open_connection, fold(target))
        if holder is None:
            raise NotFound(f"Nobody holds {visible(target)}.")
        if holder.is_alive:
            raise busy(holder)
        _take_over(open_connection, holder, actor, _Loss("was given up by hand", again=False))
        return holder

    return _insist(settings, release)


def _insist(settings: Settings, work: Callable[[Connection], T]) -> T:
    with closing(OwnConnection(settings.database)) as connection:
        return connection.insist(work)


@dataclass(frozen=True)
class _Loss:
    """Why an attempt is over: what became of its process, in words; a condition on the row under which that
    still holds; and whether the work may be begun `again`."""

    what: str
    only_if: ColumnElement[bool] = field(default_factory=true)
    again: bool = True


def _take_over(connection: Connection, holder: Holder, actor: Actor, loss: _Loss) -> None:
    row = connection.execute(select(_OPERATIONS).where(_OPERATIONS.c.id == holder.operation_id)).first()
    if row is None or row.state not in ("queued", "running"):
        if remove_lock(connection, holder):
            _audit(connection, holder, actor, row, "interrupted")
        return
    if loss.again and row.state == "queued":
        return  # it was about to be begun: it waits on, and is begun again
    state, outcome = _verdict(row, loss.again)
    found = (_OPERATIONS.c.attempt == row.attempt) & (_OPERATIONS.c.state == row.state)
    mine = (_OPERATIONS.c.id == row.id) & found & loss.only_if
    said = f"Process {holder.mark.pid} on {holder.mark.host} {loss.what}."
    if not connection.execute(update(_OPERATIONS).where(mine).values(_ended(state, outcome, said))).rowcount:
        return  # another took it over, or it was renewed
    if state == "queued":
        pass_lock(connection, row.id, QUEUED)
        _note(connection, row, said)
    else:
        remove_lock(connection, holder)
    _audit(connection, holder, actor, row, outcome)


def _verdict(row: Row[Any], again: bool) -> tuple[str, str]:
    """The state that follows, and how the attempt ended."""
    if row.cancel_requested_at or row.state == "queued":
        return "cancelled", "cancelled"
    if again and row.attempt < row.attempts and row.arguments is not None:
        return "queued", "interrupted"
    return "interrupted", "interrupted"


def _ended(state: str, outcome: str, said: str) -> dict[str, Any]:
    if state == "queued":
        return {"state": state, "lease_until": None, "heartbeat_at": None, "worker": ""}
    values = {"state": state, "lease_until": None, "finished_at": utc_now()}
    if outcome == "interrupted":
        hint = "Look at the target before you run it again."
        values |= {"error_code": "interrupted", "error_message": said, "error_hint": hint}
    return values


def _note(connection: Connection, row: Row[Any], said: str) -> None:
    text = f"Attempt {row.attempt} of {row.attempts} was interrupted: {said} Queued again."
    line = {"operation_id": row.id, "at": utc_now(), "message": clip(text, _LINES.c.message)}
    connection.execute(insert(_LINES).values(line))


def _audit(connection: Connection, holder: Holder, actor: Actor, row: Row[Any] | None, outcome: str) -> None:
    facts = {"target": holder.target, "operation_id": holder.operation_id, "outcome": outcome}
    kind = row.kind if row else "operation.run"
    append(connection, AuditEntry.of(actor, event="outcome", action=kind, **facts))
