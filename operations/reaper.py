"""Sees to it that every operation comes to an end: what a worker left is taken over, and what nobody rang
for is rung for again (ARCHITECTURE section 4, rule 6)."""

from __future__ import annotations

from contextlib import closing
from datetime import timedelta

from sqlalchemy import Connection, select

from core.actor import Actor, Role
from core.clock import utc_now
from core.settings import Settings
from models import OperationRecord
from operations.rows import table_of
from operations.tables import has_tables, refuse_newer
from operations.takeover import settle, settle_lapsed
from operations.transactions import OwnConnection

UNHEARD = timedelta(seconds=2)  # a ring that nobody answered for so long may be lost
_AT_ONCE = 100
_REAPER = Actor("worker", Role.ADMIN, "worker")

_OPERATIONS = table_of(OperationRecord)


def reap(settings: Settings) -> tuple[str, ...]:
    """Take over what is dead; gives the ids of at most 100 operations that wait in the queue, the oldest
    first, without those of the last two seconds. Needs an application context. Raises SchemaTooNew,
    ServerError."""
    with closing(OwnConnection(settings.database)) as own:
        if not own.insist(_has_place):
            return ()
        own.insist(lambda connection: _take_over_dead(connection, settings))
        return own.insist(_unheard)


def _has_place(connection: Connection) -> bool:
    refuse_newer(connection)
    return has_tables(connection)


def _take_over_dead(connection: Connection, settings: Settings) -> None:
    settle(connection, _REAPER)
    settle_lapsed(connection, settings.database, _REAPER)


def _unheard(connection: Connection) -> tuple[str, ...]:
    old = _OPERATIONS.c.created_at < utc_now() - UNHEARD
    waiting = select(_OPERATIONS.c.id).where(_OPERATIONS.c.state == "queued", old)
    return tuple(connection.scalars(waiting.order_by(_OPERATIONS.c.id).limit(_AT_ONCE)))
