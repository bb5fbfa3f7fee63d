"""A restored copy of the console's own database, made fit to take its place: at this release's revision, with
the records of now."""

from __future__ import annotations

from core.connection import ConnectionParameters
from core.progress import Operation
from core.text import plural
from database.logbook import carry_logbook
from database.logbook_access import carry_access
from database.migrator import migrate


def prepare_own_copy(
    op: Operation, live: ConnectionParameters, copy: ConnectionParameters, *, applied_by: str
) -> None:
    """Migrate `copy` to the newest revision, then carry the records of `live` into it; what should be known
    of that goes into the log. Phase: Carry the records over. Raises MigrationError, ServerError: then `live`
    is as it was."""
    op.phase("Carry the records over")
    if applied := migrate(copy, applied_by=applied_by):
        op.note(f"The copy was brought up to date: {plural(len(applied), 'migration')} applied.")
    for said in (*carry_logbook(live, copy), *carry_access(live, copy)):
        op.note(said)
