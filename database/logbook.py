"""The console's own records, carried from its live database into a restored copy before that takes its place:
the operation that does it, its lock, the audit and all that is known of backups go on as if nothing was.

What the copy says of operations and backups was so when it was backed up; the live rows are what is so. Its
audit goes on with the rows that the live one has beyond it, where it is the beginning of the live one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    NullPool,
    Select,
    Table,
    create_engine,
    delete,
    event,
    func,
    insert,
    select,
)

from core.connection import ConnectionParameters
from database.adapters import adapter_for
from database.adapters.base import Capability
from database.engine import CONNECT_TIMEOUT, connector, engine_url, explained
from models import (
    AuditEvent,
    AuditHead,
    Backup,
    BackupEvidence,
    MigrationRun,
    OperationLine,
    OperationPhase,
    OperationRecord,
    RegisteredDatabase,
    Replacement,
    TargetLock,
)
from models.base import Base

_BATCH = 1000
_OVERLAP = timedelta(days=1)  # the clocks of two machines, and operations that took long
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
OVER = ("succeeded", "failed", "interrupted", "cancelled")


def table_of(model: type[Base]) -> Table:
    """The table of a model."""
    assert isinstance(model.__table__, Table)
    return model.__table__


_AUDIT, _HEAD = table_of(AuditEvent), table_of(AuditHead)
_OPERATIONS, _LOCKS = table_of(OperationRecord), table_of(TargetLock)
_DETAILS = (table_of(OperationPhase), table_of(OperationLine))
_BACKUPS, _REGISTERED = table_of(Backup), table_of(RegisteredDatabase)
_OF_BACKUPS = (table_of(BackupEvidence), table_of(Replacement))
_RUNS = table_of(MigrationRun)
LOGBOOK_TABLES = frozenset(
    table.name for table in (_AUDIT, _HEAD, _OPERATIONS, _LOCKS, *_DETAILS, _BACKUPS, *_OF_BACKUPS, _RUNS)
)


def carry_logbook(live: ConnectionParameters, copy: ConnectionParameters) -> tuple[str, ...]:
    """Bring the records in `copy` to what they are in `live` now, both at the newest revision; gives what
    could not be carried, a sentence each. May be done again. Raises ServerError."""
    with opened(live) as source, opened(copy) as target:
        goes_on = _carry_audit(source, target)
        _carry_operations(source, target, all_of_them=goes_on)
        _carry_backups(source, target)
        replace_rows(source, target, _LOCKS)
        replace_rows(source, target, _RUNS)
    if goes_on:
        return ()
    return ("The audit of the backup is not the beginning of the one here: it was kept as it was.",)


@contextmanager
def opened(parameters: ConnectionParameters) -> Iterator[Connection]:
    """A connection of its own in one transaction that sees one moment, committed when the block ends well.
    Raises ServerError."""
    adapter = adapter_for(parameters)
    has_sessions = adapter.supports(Capability.SESSIONS)
    engine = create_engine(
        engine_url(parameters),
        poolclass=NullPool,
        creator=connector(adapter, CONNECT_TIMEOUT),
        hide_parameters=True,
        isolation_level="REPEATABLE READ" if has_sessions else "SERIALIZABLE",
    )
    if not has_sessions:  # the driver by itself begins no transaction before it reads
        event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN"))
    with ExitStack() as stack:
        stack.callback(engine.dispose)
        stack.enter_context(explained(parameters))
        yield stack.enter_context(engine.begin())


def copy_rows(target: Connection, table: Table, rows: Select[Any], source: Connection) -> None:
    """Insert what `rows` gives on `source` into `table`, in that order."""
    found = source.execute(rows.execution_options(yield_per=_BATCH))
    for batch in found.mappings().partitions():
        target.execute(insert(table), [dict(row) for row in batch])


def without_id(table: Table) -> list[ColumnElement[Any]]:
    """The columns but for a number that the database itself counts up: there it has to go on counting."""
    return [column for column in table.c if column is not table.autoincrement_column]


def replace_rows(source: Connection, target: Connection, table: Table) -> None:
    """Let `table` hold in `target` what it holds in `source`."""
    target.execute(delete(table))
    copy_rows(target, table, select(*without_id(table)).order_by(*table.primary_key), source)


def _carry_audit(source: Connection, target: Connection) -> bool:
    """False when the audit of `target` is not the beginning of that of `source`; then it stays."""
    newest = target.execute(select(_AUDIT.c.hash).order_by(_AUDIT.c.id.desc()).limit(1)).scalar()
    beyond = select(*without_id(_AUDIT)).order_by(_AUDIT.c.id)
    if newest is not None:
        last = source.execute(select(_AUDIT.c.id).where(_AUDIT.c.hash == newest)).scalar()
        if last is None or _count(source, _AUDIT.c.id <= last) != _count(target):
            return False
        beyond = beyond.where(_AUDIT.c.id > last)
    copy_rows(target, _AUDIT, beyond, source)
    replace_rows(source, target, _HEAD)
    return True


def _count(connection: Connection, *which: ColumnElement[bool]) -> int:
    return connection.execute(select(func.count()).select_from(_AUDIT).where(*which)).scalar_one()


def _carry_operations(source: Connection, target: Connection, *, all_of_them: bool) -> None:
    """Those that are newer than the copy, and those that were not over in it. Beside an audit that is not
    ours only those that are not over yet: the others would be older than it."""
    is_open = _OPERATIONS.c.state.not_in(OVER)
    wanted = _OPERATIONS.c.created_at >= _unsettled_since(target) if all_of_them else is_open
    copy_operations(source, target, wanted)


def copy_operations(source: Connection, target: Connection, which: ColumnElement[bool]) -> None:
    """Let `target` tell of those operations what `source` does, their phases and lines too."""
    _delete_operations(target, which)
    copy_rows(target, _OPERATIONS, select(_OPERATIONS).where(which).order_by(_OPERATIONS.c.id), source)
    for table in _DETAILS:
        of_them = select(*without_id(table)).join(_OPERATIONS, table.c.operation_id == _OPERATIONS.c.id)
        copy_rows(target, table, of_them.where(which).order_by(*table.primary_key), source)


def _unsettled_since(connection: Connection) -> datetime:
    """Whatever is older than this was over in that database for good."""
    newest = connection.execute(select(func.max(_OPERATIONS.c.created_at))).scalar()
    oldest_open = connection.execute(
        select(func.min(_OPERATIONS.c.created_at)).where(_OPERATIONS.c.state.not_in(OVER))
    ).scalar()
    known = [moment for moment in (newest and newest - _OVERLAP, oldest_open) if moment]
    return min(known, default=_LONG_AGO)


def _delete_operations(connection: Connection, which: ColumnElement[bool]) -> None:
    ids = select(_OPERATIONS.c.id).where(which)
    for table in _DETAILS:
        connection.execute(delete(table).where(table.c.operation_id.in_(ids)))
    connection.execute(delete(_OPERATIONS).where(which))


def _carry_backups(source: Connection, target: Connection) -> None:
    """All of them; of a database that is not registered in the copy, only its name is left."""
    for table in (*_OF_BACKUPS, _BACKUPS):
        target.execute(delete(table))
    registered = set(target.scalars(select(_REGISTERED.c.id)))
    for table in (_BACKUPS, *_OF_BACKUPS):
        found = source.execute(select(*without_id(table)).order_by(*table.primary_key))
        rows = [dict(row) for row in found.mappings()]
        for row in rows:
            if row.get("database_id") not in registered and "database_id" in row:
                row["database_id"] = None
        if rows:
            target.execute(insert(table), rows)
