"""Migrations: what is pending, what was applied, and bringing a database to a revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.connection import ConnectionParameters
from core.errors import SchemaFault
from core.progress import Operation, operation
from database import migrator, schema
from database.adapters import closing_connection
from database.expected import TABLES
from database.files import make_database_file
from database.migrator import AppliedRevision
from database.revisions import (
    Revision,
    find_target,
    head_revision,
    known_revisions,
    pending_revisions,
    position,
    target_position,
)
from models import MigrationHistory, db


@dataclass(frozen=True)
class MigrationState:
    """`current` is empty before the first migration; `pending` is oldest first."""

    current: tuple[str, ...]
    head: str
    pending: tuple[Revision, ...]


@dataclass(frozen=True)
class HistoryEntry:
    """One applied migration. `duration` is in seconds."""

    applied_at: datetime
    revision: str
    name: str
    applied_by: str
    duration: float


def read_state(database: ConnectionParameters, timeout: float = 10) -> MigrationState:
    """Current, newest and pending revisions. Raises ConnectionFailed, SchemaTooNew."""
    with closing_connection(database, timeout) as (adapter, connection):
        current = adapter.revisions(connection)
    return MigrationState(current, head_revision(), pending_revisions(current))


def read_history() -> tuple[HistoryEntry, ...]:
    """The applied migrations of the application database, oldest first."""
    rows = db.session.scalars(select(MigrationHistory).order_by(MigrationHistory.id))
    return tuple(
        HistoryEntry(row.applied_at, row.revision, row.migration_name, row.applied_by, row.duration)
        for row in rows
    )


def undoes(database: ConnectionParameters, target: str) -> bool:
    """True when bringing the database to `target` undoes migrations. Raises InvalidInput for a target that
    names nothing, ConnectionFailed, SchemaTooNew."""
    known = known_revisions()
    goal = find_target(target, known)
    here = position(read_state(database).current, known)
    return target_position(goal, here, known) < here


@operation(
    "migration.apply",
    title="Migrate {database.name} to {target}",
    target="{database.name}",
    makes_schema=True,
)
def apply_migrations(
    op: Operation, database: ConnectionParameters, target: str = "head", *, applied_by: str
) -> tuple[AppliedRevision, ...]:
    """Bring the database to `target` (head, base, +N, -N or a revision); gives the steps taken. Raises
    InvalidInput, TargetBusy, SchemaTooNew, MigrationError, ServerError."""
    op.phase("Apply migrations", unit="migration")
    return migrator.migrate(database, target, applied_by=applied_by, on_step=lambda _: op.advance())


@operation(
    "migration.init",
    title="Begin the history of {database.name}",
    target="{database.name}",
    makes_schema=True,
)
def start_history(op: Operation, database: ConnectionParameters, *, applied_by: str) -> str:
    """Apply the first migration, or stamp a schema that matches the models but has no revision; gives what
    was done, in a sentence. Raises SchemaFault that lists the differences, ServerError."""
    make_database_file(database)
    op.phase("Look at the schema")
    with closing_connection(database, 30) as (adapter, connection):
        current = adapter.revisions(connection)
        tables = adapter.schema_names(connection).tables & frozenset(TABLES)
    if current:
        return f"{database.name} is at revision {', '.join(current)} already."
    if tables:
        return _stamp(database, applied_by)
    first = known_revisions()[0]
    migrator.migrate(database, first.id, applied_by=applied_by)
    return f"{first.name} was applied."


def _stamp(database: ConnectionParameters, applied_by: str) -> str:
    faults = schema.find_faults(database)
    if faults:
        listed = " ".join(fault.message for fault in faults)
        raise SchemaFault(
            f"{database.name} has tables but no revision, and differs from the models: {listed}",
            hint="Complete it: python manage_db.py init",
        )
    return f"The schema matches; it was stamped {migrator.stamp(database, applied_by=applied_by)}."
