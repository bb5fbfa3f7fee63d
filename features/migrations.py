"""Migrations: what is pending, what was applied, and bringing a database to a revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import inspect, select

from core.connection import ConnectionParameters
from core.errors import SchemaFault
from core.progress import Operation, operation
from database import migrator, schema
from database.adapters import closing_connection
from database.context import current_settings
from database.engine import explained
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
from database.setup import first_faults, read_standing, verify
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
    """The applied migrations of the application database, oldest first; () before there is a schema. Raises
    ConnectionFailed, ServerError."""
    with explained(current_settings().database):
        if not inspect(db.engine).has_table(MigrationHistory.__tablename__):
            return ()
        rows = db.session.scalars(select(MigrationHistory).order_by(MigrationHistory.id))
        return tuple(
            HistoryEntry(row.applied_at, row.revision, row.migration_name, row.applied_by, row.duration)
            for row in rows
        )


def count_undone(database: ConnectionParameters, target: str) -> int:
    """How many migrations bringing the database to `target` would undo; 0 when it goes up. Raises
    InvalidInput for a target that names nothing, SchemaFault for tables of ours without a revision,
    ConnectionFailed, SchemaTooNew."""
    known = known_revisions()
    goal = find_target(target, known)
    here = position(_revisions(database), known)
    return max(0, here - target_position(goal, here, known))


@operation(
    "migration.apply",
    title="Migrate {database.name} to {target}",
    target="{database.name}",
    makes_schema=True,
)
def apply_migrations(
    op: Operation, database: ConnectionParameters, target: str = "head", *, applied_by: str
) -> tuple[AppliedRevision, ...]:
    """Bring the database to `target` (head, base, +N, -N or a revision); gives the steps taken. At the head
    the schema is then held against the models. Raises InvalidInput, TargetBusy, SchemaFault, SchemaTooNew,
    MigrationError, ServerError."""
    _revisions(database)
    op.phase("Apply migrations", unit="migration")
    steps = migrator.migrate(database, target, applied_by=applied_by, on_step=lambda _: op.advance())
    if not pending_revisions(_revisions(database)):
        verify(op, database)
    return steps


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
    standing = read_standing(database)
    if standing.revisions:
        return f"{database.name} is at revision {', '.join(standing.revisions)} already."
    if standing.tables:
        return _stamp(database, applied_by)
    first = known_revisions()[0]
    migrator.migrate(database, first.id, applied_by=applied_by)
    return f"{first.name} was applied."


def _stamp(database: ConnectionParameters, applied_by: str) -> str:
    faults = schema.find_faults(database)
    if faults:
        raise SchemaFault(
            f"{database.name} has tables but no revision, and differs from the models: "
            + first_faults(faults),
            hint="Complete it: python manage_db.py init",
        )
    return f"The schema matches; it was stamped {migrator.stamp(database, applied_by=applied_by)}."


def _revisions(database: ConnectionParameters) -> tuple[str, ...]:
    """Where the database is; tables of ours without a revision are no ground to migrate from."""
    standing = read_standing(database)
    if standing.tables and not standing.revisions:
        raise SchemaFault(
            f"{database.name} has tables but no revision.", hint="Adopt them: python manage_db.py init"
        )
    return standing.revisions
