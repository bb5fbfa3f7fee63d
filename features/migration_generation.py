"""A new migration, generated out of the models."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import Conflict, InvalidInput
from core.progress import Operation, operation
from core.text import plural
from database.context import current_settings
from database.migration_writing import write_migration
from features.migration_state import read_state
from features.migration_trees import refuse_unstamped


@operation("migration.generate", title="Generate a migration", target="migrations")
def generate_migration(op: Operation, message: str, is_rename: Callable[[str, str], bool]) -> str:
    """Write the migration that brings the database to the models, and give the name of its file, "" when they
    are the same; `is_rename` is asked of what goes and what comes. Raises what `check_generation` raises."""
    check_generation(message)
    op.phase("Compare with the models")
    written = write_migration(message, is_rename)
    return written.name if written else ""


def check_generation(message: str) -> None:
    """Raises Conflict unless the database is at the newest revision, InvalidInput without a message,
    ConnectionFailed and its kin. Needs an application context."""
    if not message.strip() or not message.isprintable():
        raise InvalidInput("A migration needs a message of one line.", hint="Say what it changes.")
    database = current_settings().migration_database
    state = read_state(database)
    if not state.current:
        refuse_unstamped(database)
    if state.pending or not state.current:
        raise Conflict(
            f"{database.name} is behind: {plural(len(state.pending), 'migration')} pending.",
            hint="Run: python migrate.py migrate",
        )
