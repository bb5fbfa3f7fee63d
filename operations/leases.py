"""How long an operation is held, by the database's own clock (TRUST section 4.1, rule 3): whoever runs an
attempt renews its lease, and whoever lost it writes nothing any more.

    heartbeat   every 10 s the lease is 60 s long again
    fence       each write names the attempt; a transaction of the feature asks for it before it commits
    self-check  a worker that could not renew its lease for its whole length stops by itself"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, select

from core.errors import LeaseLost
from database.transactions import DatabaseSession, Fence
from models import OperationRecord
from models.types import database_now
from operations.processes import this_process
from operations.rows import table_of
from operations.runs import Run

LEASE = 60.0  # seconds
HEARTBEAT = 10.0  # seconds

_OPERATIONS = table_of(OperationRecord)


def lease_columns(connection: Connection) -> dict[str, Any]:
    """What a row says while this process holds it: since now, by the database's clock."""
    now = connection.execute(select(database_now())).scalar_one()
    mark = this_process()
    return {
        "worker": f"{mark.host}, process {mark.pid}",
        "heartbeat_at": now,
        "lease_until": now + timedelta(seconds=LEASE),
    }


def own_attempt(run: Run) -> ColumnElement[bool]:
    """The row of `run`, as long as its attempt is the one that runs."""
    return (
        (_OPERATIONS.c.id == run.id)
        & (_OPERATIONS.c.attempt == run.attempt)
        & (_OPERATIONS.c.state == "running")
    )


def fence_of(run: Run) -> Fence:
    """Raises LeaseLost in a transaction of an attempt that another has taken over. The row stays locked
    until that transaction ends, so that nobody takes it over in between."""

    def check(session: DatabaseSession) -> None:
        mine = select(_OPERATIONS.c.id).where(own_attempt(run)).with_for_update()
        if session.execute(mine).first() is None:
            raise LeaseLost(hint="Nothing of the last step was kept.")

    return check
