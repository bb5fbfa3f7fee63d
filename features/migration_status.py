"""Where a database is among its migrations, and whether its schema is still what they made of it."""

from __future__ import annotations

from dataclasses import dataclass

from database.fingerprint import fingerprint
from database.inspection import inspect_drift
from features.migration_runs import last_fingerprint
from features.migration_state import MigrationState, read_state
from features.migration_trees import Tree, find_tree, list_trees

__all__ = ["MigrationStatus", "list_trees", "read_status"]


@dataclass(frozen=True)
class MigrationStatus:
    """`drift` is what differs: from the models at the newest revision, else from what the last run left."""

    database: str
    state: MigrationState
    drift: tuple[str, ...]


def read_status(database: str = "", directory: str = "") -> MigrationStatus:
    """Needs an application context. Raises NotFound, InvalidInput, SchemaTooNew, ConnectionFailed and kin."""
    tree = find_tree(database, directory)
    state = read_state(tree.parameters, location=tree.location)
    return MigrationStatus(tree.name, state, _drift(tree, state))


def _drift(tree: Tree, state: MigrationState) -> tuple[str, ...]:
    if not state.current:
        return ()
    if tree.is_own and not state.pending:
        return inspect_drift(tree.parameters)
    known = last_fingerprint(tree.name)
    if known and known != fingerprint(tree.parameters):
        return ("The schema is not the one that the last run left.",)
    return ()
