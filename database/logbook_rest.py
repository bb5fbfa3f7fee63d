"""What was written into the console's live database in the moments between the last carrying of its records
and the swap, brought after it from the database that is kept."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from core.connection import ConnectionParameters
from core.text import plural
from database.logbook import OVER, copy_operations, opened, table_of, without_id
from models import AuditEvent, AuditHead, OperationLine, OperationRecord, TargetLock

_AUDIT, _HEAD = table_of(AuditEvent), table_of(AuditHead)
_OPERATIONS, _LOCKS, _LINES = table_of(OperationRecord), table_of(TargetLock), table_of(OperationLine)
_LOOKED_AT = 1000  # rows of the audit, which are far more than come in some moments
_RECENT = timedelta(hours=1)  # so are operations of as long


def carry_rest(kept: ConnectionParameters, live: ConnectionParameters) -> tuple[str, ...]:
    """Bring what `live` lacks of the audit and of the operations in `kept`; gives what could not be brought,
    a sentence each. Changes nothing that goes on in `live`, and may be done again. Raises ServerError."""
    with opened(kept) as source, opened(live) as target:
        left = _carry_audit(source, target)
        _carry_ends(source, target)
        _carry_lines(source, target)
        _carry_new(source, target)
    if not left:
        return ()
    return (
        f"{plural(left, 'row')} of the audit from the moment of the swap are in the kept database alone.",
    )


def _carry_audit(source: Connection, target: Connection) -> int:
    """How many rows could not be appended, since the audit went on in `target`."""
    newest = select(_AUDIT).order_by(_AUDIT.c.id.desc())
    last = target.execute(newest.limit(1)).mappings().first()
    beyond = []
    for row in source.execute(newest.limit(_LOOKED_AT)).mappings():
        if target.execute(select(_AUDIT.c.id).where(_AUDIT.c.hash == row["hash"])).first():
            break
        beyond.append({column.name: row[column.name] for column in without_id(_AUDIT)})
    else:
        if last is not None:
            return 0  # it is another audit
    if not beyond:
        return 0
    if last is not None and last["hash"] != beyond[-1]["previous_hash"]:
        return len(beyond)
    target.execute(insert(_AUDIT), beyond[::-1])
    target.execute(update(_HEAD).values(hash=beyond[0]["hash"], entries=_HEAD.c.entries + len(beyond)))
    return 0


def _carry_ends(source: Connection, target: Connection) -> None:
    """Operations that ended in those moments have ended."""
    is_open = _OPERATIONS.c.state.not_in(OVER)
    ids = list(target.scalars(select(_OPERATIONS.c.id).where(is_open)))
    ended = _ids(source, _OPERATIONS.c.id.in_(ids) & _OPERATIONS.c.state.in_(OVER))
    copy_operations(source, target, _OPERATIONS.c.id.in_(ended))
    target.execute(delete(_LOCKS).where(_LOCKS.c.operation_id.in_(ended)))


def _carry_lines(source: Connection, target: Connection) -> None:
    """What operations that go on have said in them, the one that swaps among them, is in their log."""
    of_open = select(_OPERATIONS.c.id).where(_OPERATIONS.c.state.not_in(OVER))
    ids = list(target.scalars(of_open))
    lines = select(*without_id(_LINES)).where(_LINES.c.operation_id.in_(ids)).order_by(_LINES.c.id)
    known = {tuple(line) for line in target.execute(lines)}
    if missing := [dict(line._mapping) for line in source.execute(lines) if tuple(line) not in known]:
        target.execute(insert(_LINES), missing)


def _carry_new(source: Connection, target: Connection) -> None:
    """Operations that were begun or queued in them are there, with their locks where nobody took those."""
    newest = source.execute(select(func.max(_OPERATIONS.c.created_at))).scalar()
    if newest is None:
        return
    recent = _ids(source, _OPERATIONS.c.created_at >= newest - _RECENT)
    known = set(target.scalars(select(_OPERATIONS.c.id).where(_OPERATIONS.c.id.in_(recent))))
    new = [id for id in recent if id not in known]
    copy_operations(source, target, _OPERATIONS.c.id.in_(new))
    taken = set(target.scalars(select(_LOCKS.c.target)))
    locks = source.execute(select(_LOCKS).where(_LOCKS.c.operation_id.in_(new))).mappings()
    if free := [dict(lock) for lock in locks if lock["target"] not in taken]:
        target.execute(insert(_LOCKS), free)


def _ids(connection: Connection, which: ColumnElement[bool]) -> list[str]:
    return list(connection.scalars(select(_OPERATIONS.c.id).where(which)))
