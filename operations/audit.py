"""Who did what: rows chained by hash, so that a changed or removed one is found (TRUST L1, L2).

Each row holds the hash of the row before it, and its own hash covers that one; the first stands on 64 zeros.
Two writers that stand on the same row are told apart by the unique `previous_hash`: the second is refused and
its whole transaction runs again (`OwnConnection.insist`). The chain shows a row changed or removed
from the middle; rows cut from the end leave a chain that is shorter but whole."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import Connection, Row, insert, select

from core.actor import Actor
from core.clock import utc_now
from core.settings import Settings
from models import AuditEvent, db
from operations.rows import clip, table_of
from operations.transactions import OwnConnection

ORIGIN = "0" * 64
_TABLE = table_of(AuditEvent)
_BATCH = 1000


@dataclass(frozen=True)
class AuditEntry:
    """What one row says. `details` holds names and numbers, never a secret."""

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
    connection = OwnConnection(settings.database)
    try:
        connection.insist(lambda open_connection: append(open_connection, entry))
    finally:
        connection.close()


def append(connection: Connection, entry: AuditEntry) -> None:
    """Add `entry` to the chain, within the caller's transaction. Raises IntegrityError when another writer
    was first: run the transaction again."""
    newest = select(_TABLE.c.hash).order_by(_TABLE.c.id.desc()).limit(1)
    previous = connection.execute(newest).scalar() or ORIGIN
    values = _storable(entry)
    connection.execute(
        insert(_TABLE).values(**values, previous_hash=previous, hash=_digest(values, previous))
    )


def verify_chain() -> int | None:
    """The id of the first row that was changed, or whose predecessor was changed or removed; None when the
    chain is whole. Needs an application context."""
    previous, last_id = ORIGIN, 0
    with db.engine.connect() as connection:
        while rows := _rows_after(connection, last_id):
            for row in rows:
                if row.previous_hash != previous or row.hash != _digest(_fields(row), previous):
                    return int(row.id)
                previous, last_id = row.hash, row.id
    return None


def _rows_after(connection: Connection, last_id: int) -> list[Row[Any]]:
    batch = select(_TABLE).where(_TABLE.c.id > last_id).order_by(_TABLE.c.id).limit(_BATCH)
    return list(connection.execute(batch))


def _storable(entry: AuditEntry) -> dict[str, Any]:
    """The fields as every dialect keeps and returns them, so that the hash holds when they are read back."""
    values = asdict(entry)
    values |= {name: clip(value, _TABLE.c[name]) for name, value in values.items() if isinstance(value, str)}
    return {**values, "at": entry.at.astimezone(UTC), "details": json.loads(json.dumps(entry.details))}


def _fields(row: Row[Any]) -> dict[str, Any]:
    return {
        name: value for name, value in row._mapping.items() if name not in ("id", "previous_hash", "hash")
    }


def _digest(values: dict[str, Any], previous: str) -> str:
    content = {**values, "at": values["at"].isoformat(timespec="microseconds"), "previous_hash": previous}
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()
