"""Who did what: rows chained by hash, so that a changed or removed one is found (TRUST L1, L2).

Each row holds the hash of the row before it, and its own hash covers that one; the first stands on 64 zeros.
One row more, the head, counts them and holds the hash of the newest, so that rows cut from the end are missed
too. Whoever appends changes the head first, and so holds it until their transaction ends: others wait for
their turn. Should two stand on the same row all the same, the unique `previous_hash` refuses the second, and
its whole transaction runs again (`OwnConnection.insist`). `operations/audit_chain.py` looks for faults."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, insert, select, update

from core.actor import Actor, Role
from core.clock import utc_now
from core.errors import AppError
from core.naming import new_id
from core.settings import Settings
from models import AuditEvent, AuditHead
from operations.rows import clip, table_of
from operations.transactions import OwnConnection

ORIGIN = "0" * 64
HEAD_LOST = "audit.head_lost"  # the action of the entry that tells of it
_HEAD_ID = 1
_ROWS = table_of(AuditEvent)
_HEAD = table_of(AuditHead)
_OF_HEAD = _HEAD.c.id == _HEAD_ID


@dataclass(frozen=True)
class AuditEntry:
    """What one row says. `operation_id` is the same for intent and outcome; `details` holds names and
    numbers, never a secret."""

    at: datetime
    event: Literal["intent", "outcome"]
    action: str
    target: str
    actor: str
    through: str
    address: str = ""
    operation_id: str = ""
    outcome: str = ""
    details: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, actor: Actor, **words: Any) -> AuditEntry:
        """An entry for what `actor` does now; `words` are the other fields."""
        who = {"actor": actor.name, "through": actor.through, "address": actor.address}
        return cls(**{"at": utc_now(), **who, **words})


def record_audit(settings: Settings, entry: AuditEntry) -> None:
    """Write one entry in a transaction of its own, which waits its turn. Raises ServerError."""
    with closing(OwnConnection(settings.database)) as connection:
        connection.insist(lambda open_connection: append(open_connection, entry))


@contextmanager
def audited(settings: Settings, actor: Actor, action: str, target: str) -> Iterator[None]:
    """Write the intent, and the outcome once the block has ended: for what is done in place and not as an
    operation. Raises ServerError where the intent cannot be written; then nothing has begun."""
    facts = {"action": action, "target": target, "operation_id": new_id()}  # which ties the two together
    record_audit(settings, AuditEntry.of(actor, event="intent", **facts))
    try:
        yield
    except AppError as error:
        failed = {"outcome": "failed", "details": {"error": error.code}}
        record_audit(settings, AuditEntry.of(actor, event="outcome", **facts, **failed))
        raise
    record_audit(settings, AuditEntry.of(actor, event="outcome", **facts, outcome="succeeded"))


def append(connection: Connection, entry: AuditEntry) -> None:
    """Add `entry` to the chain, within the caller's transaction, best as its last step: the next writer waits
    until it ends. Raises IntegrityError when another writer was first: run the transaction again."""
    previous = _take_turn(connection)
    values = storable(entry)
    digest = row_hash(values, previous)
    connection.execute(insert(_ROWS).values(**values, previous_hash=previous, hash=digest))
    connection.execute(update(_HEAD).where(_OF_HEAD).values(hash=digest))


def storable(entry: AuditEntry) -> dict[str, Any]:
    """The fields as every dialect keeps and returns them, so that the hash holds when they are read back."""
    values = asdict(entry)
    values |= {name: clip(value, _ROWS.c[name]) for name, value in values.items() if isinstance(value, str)}
    return {**values, "at": entry.at.astimezone(UTC), "details": json.loads(json.dumps(entry.details))}


def row_hash(values: dict[str, Any], previous: str) -> str:
    """The hash of a row with these `storable` values, after the one whose hash is `previous`."""
    content = {**values, "at": values["at"].isoformat(timespec="microseconds"), "previous_hash": previous}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _take_turn(connection: Connection) -> str:
    """Count one entry more, which locks the head for this transaction, and give the newest row's hash."""
    # To read it first would be a read that a write follows: on SQLite two of those refuse each other.
    count_up = update(_HEAD).where(_OF_HEAD).values(entries=_HEAD.c.entries + 1)
    if not connection.execute(count_up).rowcount:
        _make_head(connection)
        connection.execute(count_up)
    return str(connection.execute(select(_HEAD.c.hash).where(_OF_HEAD)).scalar_one())


def _make_head(connection: Connection) -> None:
    """Count the rows that are there. Where there are any, the head was lost, and with it the knowledge of
    rows cut from the end: an entry says so for ever."""
    newest = select(_ROWS.c.hash).order_by(_ROWS.c.id.desc()).limit(1)
    entries = connection.execute(select(func.count()).select_from(_ROWS)).scalar_one()
    last = connection.execute(newest).scalar() or ORIGIN
    connection.execute(insert(_HEAD).values(id=_HEAD_ID, entries=entries, hash=last))
    if entries:
        system = Actor("basekeeper", Role.ADMIN, "start")
        facts = {"action": HEAD_LOST, "target": "audit", "details": {"entries": entries}}
        append(connection, AuditEntry.of(system, event="outcome", outcome="failed", **facts))
