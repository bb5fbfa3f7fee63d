"""Migrations: what is pending, what was applied, and bringing a database to a revision."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import inspect, select

from core.connection import ConnectionParameters
from core.errors import Conflict, SchemaFault
from core.progress import Operation, operation
from database import migrator, schema
from database.context import current_settings
from database.engine import explained
from database.files import make_database_file
from database.migration_planning import make_plan
from database.revisions import known_revisions
from database.setup import first_faults, read_standing
from features.migration_gate import pass_gate, read_gate
from features.migration_performing import MigrationReport, end_run, perform_run
from features.migration_runs import begun_run
from features.migration_trees import find_tree, refuse_unstamped
from models import MigrationHistory, db


@dataclass(frozen=True)
class HistoryEntry:
    """One applied migration. `duration` is in seconds."""

    applied_at: datetime
    revision: str
    name: str
    applied_by: str
    duration: float


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


@operation(
    "migration.apply",
    title="Migrate {database} to {target}",
    target="{database}",
    makes_schema=True,
    attempts=2,
    audited=("plan_hash", "skip_backup"),
)
def apply_migrations(
    op: Operation,
    database: str,
    target: str = "head",
    *,
    applied_by: str,
    plan_hash: str = "",
    skip_backup: bool = False,
    directory: str = "",
) -> MigrationReport:
    """Bring the database people call `database` to `target`, best the revision of a plan that was shown. With
    its `plan_hash` only what was shown is applied. What is there is backed up before unless `skip_backup`;
    afterwards the revision is reached, the schema held against the models, the run written down. Raises
    InvalidInput, Conflict, TargetBusy, SchemaFault, SchemaTooNew, MigrationError, BackupError,
    ServerError."""
    tree = find_tree(database, directory)
    if tree.is_own:
        make_database_file(tree.parameters)
    op.phase("Plan")
    plan = make_plan(tree.parameters, target, tree.location)
    if tree.is_own and not plan.current:
        refuse_unstamped(tree.parameters)
    begun = begun_run(op.id)
    if plan_hash not in ("", plan.hash, begun.plan_hash if begun else ""):
        raise Conflict("The plan is no longer the one that was shown.", hint="Look at it again: --dry-run.")
    if not plan.revisions:
        return end_run(op, tree, plan, begun)
    gate = read_gate(tree, skip_backup=skip_backup, operation_id=op.id)
    pass_gate(gate)
    return perform_run(op, tree, plan, begun, applied_by, takes_backup=gate.takes_backup)


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
