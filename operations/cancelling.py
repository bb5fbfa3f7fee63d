"""Cancels an operation: at once what waits in the queue, by a wish on its row what runs."""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import Any

from sqlalchemy import Connection, Row, select, update

from core.actor import Actor
from core.clock import utc_now
from core.errors import Conflict, NotFound
from core.settings import Settings
from core.text import visible
from models import OperationRecord
from operations.audit import AuditEntry, append
from operations.locks import find_holder, remove_lock
from operations.rows import clip, table_of
from operations.transactions import OwnConnection

_OPERATIONS = table_of(OperationRecord)


def cancel_operation(settings: Settings, id: str, actor: Actor) -> None:
    """Ask for the end of an operation, in the name of `actor`; asking twice is asking once. What runs ends
    at its next step. Needs an application context. Raises NotFound, Conflict when it has ended already,
    ServerError."""
    with closing(OwnConnection(settings.database)) as own:
        own.insist(partial(_cancel, id=id, actor=actor))


def _cancel(connection: Connection, id: str, actor: Actor) -> None:
    row = connection.execute(select(_OPERATIONS).where(_OPERATIONS.c.id == id)).first()
    if row is None:
        raise NotFound(f"There is no operation {visible(id)}.")
    if row.cancel_requested_at and row.state in ("queued", "running", "cancelled"):
        return
    if row.state not in ("queued", "running"):
        raise Conflict(f"{row.title} has ended already: {row.state}.")
    asked = {"cancel_requested_at": utc_now(), "cancel_requested_by": clip(actor.name, _OPERATIONS.c.actor)}
    same = (_OPERATIONS.c.id == id) & (_OPERATIONS.c.state == row.state)
    waits = row.state == "queued"
    ended = {"state": "cancelled", "finished_at": utc_now()} if waits else {}
    if not connection.execute(update(_OPERATIONS).where(same).values(asked | ended)).rowcount:
        raise Conflict(f"{row.title} went on just now.", hint="Look at it, and cancel it again.")
    if waits:
        _free(connection, row)
    facts = {"target": row.target, "operation_id": id}
    _audit(connection, actor, "intent", action="operation.cancel", **facts)
    # What was asked for is the wish, and it is on the row now; how the work ends is an outcome of its own.
    _audit(connection, actor, "outcome", action="operation.cancel", outcome="succeeded", **facts)
    if waits:
        _audit(connection, actor, "outcome", action=row.kind, outcome="cancelled", **facts)


def _audit(connection: Connection, actor: Actor, event: str, **words: Any) -> None:
    append(connection, AuditEntry.of(actor, event=event, **words))


def _free(connection: Connection, row: Row[Any]) -> None:
    holder = find_holder(connection, row.target)
    if holder and holder.operation_id == row.id:
        remove_lock(connection, holder)
