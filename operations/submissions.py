"""Operations that wait for a worker: how one is queued, and how a worker claims it."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from core.actor import Actor, Role
from core.clock import utc_now
from models import ApiToken, OperationRecord, User
from operations.audit import append
from operations.leases import lease_columns
from operations.locks import find_holder, pass_lock, take_lock
from operations.processes import this_process
from operations.records import operation_columns, run_entry
from operations.rows import table_of
from operations.runs import Run
from operations.tables import has_tables, missing_tables, refuse_newer
from operations.takeover import settle

_OPERATIONS = table_of(OperationRecord)
_USERS, _TOKENS = table_of(User), table_of(ApiToken)


def plain(arguments: dict[str, Any]) -> dict[str, Any]:
    """`arguments` as they are kept in the row. Raises TypeError for what JSON cannot hold unchanged: such a
    feature cannot be queued."""
    kept: dict[str, Any] = json.loads(json.dumps(arguments))
    if kept != arguments:
        raise TypeError(f"These arguments cannot wait in a queue: {sorted(arguments)}.")
    return kept


def enqueue(connection: Connection, run: Run) -> None:
    """Write row, intent and lock of `run` within the caller's transaction. Raises TargetBusy, SchemaFault,
    SchemaTooNew; IntegrityError when another was faster by a hair: run the transaction again."""
    refuse_newer(connection)
    if not has_tables(connection):
        raise missing_tables(connection)
    settle(connection, run.actor)
    holder = find_holder(connection, run.target)
    if holder and holder.operation_id == run.id:
        return  # the commit went through although the connection broke
    take_lock(connection, run)
    connection.execute(insert(_OPERATIONS).values(state="queued", attempt=0, **operation_columns(run)))
    append(connection, run_entry(run, "intent", at=run.started_at))


def claim(connection: Connection, id: str) -> Run | None:
    """Begin the next attempt of a queued operation within the caller's transaction; None when there is
    nothing to begin. Raises TargetBusy when its lock was lost to another."""
    row = connection.execute(select(_OPERATIONS).where(_OPERATIONS.c.id == id)).first()
    if row is None or row.state != "queued":
        return None
    run = _run_of(row)
    waiting = (_OPERATIONS.c.id == id, _OPERATIONS.c.state == "queued", _OPERATIONS.c.attempt == row.attempt)
    values = {"state": "running", "attempt": run.attempt, "started_at": run.started_at}
    values |= lease_columns(connection) | {"phase": "", "done": 0, "total": None, "unit": ""}
    if not connection.execute(update(_OPERATIONS).where(*waiting).values(values)).rowcount:
        return None
    if not pass_lock(connection, id, this_process()):
        take_lock(connection, run, this_process())
    if run.attempt > 1:
        append(connection, run_entry(run, "intent", at=run.started_at))
    return run


def present_role(connection: Connection, actor: Actor) -> Role | None:
    """The role the user behind `actor` has by now, or that of the token they came with where it is less; None
    when either opens nothing any more. Of others the role they came with (TRUST Z6)."""
    if actor.user_id is None:
        return actor.role
    active = (_USERS.c.id == actor.user_id) & _USERS.c.is_active.is_(True)
    role = connection.execute(select(_USERS.c.role).where(active)).scalar()
    roles: list[str | None] = [role]
    if actor.token_prefix is not None:
        valid = (_TOKENS.c.revoked_at.is_(None), _TOKENS.c.expires_at > utc_now())
        mine = (_TOKENS.c.prefix == actor.token_prefix, _TOKENS.c.user_id == actor.user_id)
        roles.append(connection.execute(select(_TOKENS.c.role).where(*mine, *valid)).scalar())
    found = [Role(one) for one in roles if one]
    return min(found, key=list(Role).index) if len(found) == len(roles) else None


def _run_of(row: Row[Any]) -> Run:
    actor = Actor(row.actor, Role(row.role), row.through, row.address, row.user_id, row.token_prefix)
    return Run(
        row.kind,
        row.title,
        row.target,
        actor,
        attempts=row.attempts,
        attempt=row.attempt + 1,
        arguments=row.arguments,
        id=row.id,
    )
