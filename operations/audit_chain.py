"""Looks for faults in the chain of audit rows: a row changed or removed, rows cut from the end (TRUST L2).

What it cannot find: whoever may write every row and the head can chain all of it anew. Each verification
says the newest hash; kept elsewhere, it shows that too, for the row that has it must be there for ever."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from core.errors import AppError
from core.progress import Operation, operation
from core.text import plural
from models import AuditEvent, AuditHead, OperationRecord, db
from operations.audit import HEAD_LOST, ORIGIN, row_hash
from operations.rows import table_of

_BATCH = 1000
_ROWS = table_of(AuditEvent)
_HEAD = table_of(AuditHead)
_OPERATIONS = table_of(OperationRecord)
_NAMED_ROW = re.compile(r"\brow (-?\d+)\b", re.IGNORECASE)
_NOT_HASHED = ("id", "previous_hash", "hash")


class AuditBroken(AppError):
    """The audit is not as it was written."""

    code = "audit_broken"
    hint = "Keep the database as it is, and compare it with a backup from before."


@dataclass(frozen=True)
class ChainFault:
    """What is wrong: at the row with the id `row`, or with the end of the chain, where it is None."""

    row: int | None
    message: str


@dataclass(frozen=True)
class ChainReport:
    """How many `entries`, from the first on, are as they were written, and the first `fault` after them."""

    entries: int
    fault: ChainFault | None = None


@operation("audit.verify", title="Verify the audit", target="audit", attempts=3)
def verify_audit(op: Operation) -> ChainReport:
    """Read the whole audit and compute each hash again. Raises AuditBroken that says what is wrong."""
    op.phase("Verify the audit", _count(), "row")
    chain = _Chain(op)
    if fault := chain.find_fault():
        raise AuditBroken(fault.message)
    op.note(f"{plural(chain.entries, 'row')}, none changed or removed. The newest has the hash {chain.hash}.")
    return ChainReport(chain.entries)


def row_named_in(message: str) -> int | None:
    """The id of the row that a fault's `message` names; None for one of the end of the chain."""
    named = _NAMED_ROW.search(message)
    return int(named[1]) if named else None


def verify_chain(op: Operation | None = None) -> ChainReport:
    """What `verify_audit` looks for, as a report. Needs an application context."""
    chain = _Chain(op or Operation())
    fault = chain.find_fault()
    return ChainReport(chain.entries, fault)


class _Chain:
    """The rows seen so far: how many, and the id and the hash of the last."""

    def __init__(self, op: Operation) -> None:
        self.entries = 0
        self.hash = ORIGIN
        self._last_id: int | None = None
        self._op = op

    def find_fault(self) -> ChainFault | None:
        """Follow the chain to its end, even while others write to it."""
        with db.engine.connect() as connection:
            while True:
                if fault := self._follow(connection):
                    return fault
                # Read after the rows: each that it counts can be read by now, if it is there.
                head = connection.execute(select(_HEAD)).first()
                if head is None or head.entries <= self.entries or not self._next_rows(connection):
                    return self._fault_of_end(head, connection)

    def _follow(self, connection: Connection) -> ChainFault | None:
        while rows := self._next_rows(connection):
            for row in rows:
                if message := self._fault_of(row):
                    return ChainFault(row.id, message)
                self.entries, self.hash, self._last_id = self.entries + 1, row.hash, row.id
            self._op.advance(len(rows))
        return None

    def _next_rows(self, connection: Connection) -> list[Row[Any]]:
        batch = select(_ROWS).order_by(_ROWS.c.id).limit(_BATCH)
        if self._last_id is not None:  # at first none is left out: a forged row may have any id
            batch = batch.where(_ROWS.c.id > self._last_id)
        return list(connection.execute(batch))

    def _fault_of(self, row: Row[Any]) -> str:
        values = {name: value for name, value in row._mapping.items() if name not in _NOT_HASHED}
        if row.hash != row_hash(values, row.previous_hash):
            return f"Row {row.id} of the audit was changed."
        if row.previous_hash != self.hash:
            return f"Row {row.id} of the audit does not follow the one before it: rows between were removed."
        if row.action == HEAD_LOST:
            return f"The end of the audit was lost before row {row.id}: rows may have been cut off there."
        return ""

    def _fault_of_end(self, head: Row[Any] | None, connection: Connection) -> ChainFault | None:
        if head is None:
            lost = "The end of the audit is missing: nothing tells whether rows were cut off."
            return ChainFault(None, lost) if self.entries else self._fault_of_beginning(connection)
        if (head.entries, head.hash) == (self.entries, self.hash):
            return self._fault_of_beginning(connection)
        if head.entries > self.entries and head.hash != self.hash:
            missing = plural(head.entries - self.entries, "row")
            return ChainFault(None, f"The audit lacks {missing} at its end.")
        return ChainFault(None, "The end of the audit was changed: it does not fit the newest row.")

    def _fault_of_beginning(self, connection: Connection) -> ChainFault | None:
        """Every operation has its row here from the same transaction: none can be older than the audit."""
        first = connection.execute(select(func.min(_ROWS.c.at))).scalar()
        oldest = connection.execute(select(func.min(_OPERATIONS.c.created_at))).scalar()
        if oldest is None or (first is not None and first <= oldest):
            return None
        return ChainFault(None, "Operations are older than the audit: it was emptied, and begun anew.")


def _count() -> int:
    with db.engine.connect() as connection:
        return connection.execute(select(_HEAD.c.entries)).scalar() or 0
