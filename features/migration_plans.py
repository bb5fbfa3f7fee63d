"""What a migration would do, with all that is to be known before it is confirmed."""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from database.migration_plan import MigrationPlan, PlannedRevision, PlannedStatement
from database.migration_planning import make_plan
from features.migration_gate import Gate, read_gate
from features.migration_trees import find_tree, refuse_unstamped

__all__ = ["MigrationPlan", "MigrationPreview", "PlannedRevision", "PlannedStatement", "plan_migration"]

_PATIENCE = 3.0  # seconds; a page is not to wait for the hours that a migration may run


@dataclass(frozen=True)
class MigrationPreview:
    """The plan of one database with its gate. Nothing has happened yet."""

    database: str
    environment: str
    is_own: bool
    plan: MigrationPlan
    gate: Gate
    command: str

    @property
    def is_guarded(self) -> bool:
        """True where a step that loses data also wants the database's name."""
        return self.environment == "production"


def plan_migration(
    target: str = "head", database: str = "", *, directory: str = "", skip_backup: bool = False
) -> MigrationPreview:
    """What bringing `database`, the console's own for "", to `target` would do. Changes nothing. Needs an
    application context. Raises InvalidInput, NotFound, SchemaFault for tables of ours without a revision,
    SchemaTooNew, TargetBusy, MigrationError, ConnectionFailed and its kin."""
    tree = find_tree(database, directory)
    plan = make_plan(tree.parameters, target, tree.location, patience=_PATIENCE)
    if tree.is_own and not plan.current and plan.revisions:
        refuse_unstamped(tree.parameters)
    gate = read_gate(tree, skip_backup=skip_backup) if plan.revisions else Gate((), False)
    named = database if not tree.is_own else ""
    return MigrationPreview(
        tree.name, tree.environment, tree.is_own, plan, gate, _command(target, named, directory)
    )


def _command(target: str, database: str, directory: str) -> str:
    words = ["python", "migrate.py", "migrate", target]
    if database:
        words += ["--database", database]
    if directory:
        words += ["--directory", directory]
    return shlex.join(words)
