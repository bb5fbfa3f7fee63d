"""A restored copy of the console's own database, made fit to take its place: at this release's revision, with
the records of now."""

from __future__ import annotations

from core.connection import ConnectionParameters
from core.errors import ServerError
from core.progress import Operation
from core.text import plural
from database.adapters.backup import BackupAdapter
from database.logbook import LOGBOOK_TABLES, carry_logbook
from database.logbook_access import ACCESS_TABLES, carry_access
from database.logbook_rest import carry_rest
from database.migrator import migrate
from database.restoring import account_for

# A restore loses nothing of these, whatever the backup has in them.
CARRIED = LOGBOOK_TABLES | ACCESS_TABLES


def prepare_own_copy(
    op: Operation, live: ConnectionParameters, copy: ConnectionParameters, *, applied_by: str
) -> None:
    """Migrate `copy` to the newest revision, then carry the records of `live` into it; what should be known
    of that goes into the log. Phase: Carry the records over. Raises MigrationError, ServerError: then `live`
    is as it was."""
    op.phase("Carry the records over")
    if applied := migrate(copy, applied_by=applied_by):
        op.note(f"The copy was brought up to date: {plural(len(applied), 'migration')} applied.")
    carry_logbook(live, copy)  # all of it, which may take a while; then what came meanwhile
    for said in (*carry_access(live, copy), *carry_logbook(live, copy)):
        op.note(said)


def bring_rest(op: Operation, adapter: BackupAdapter, kept: str, where: ConnectionParameters) -> None:
    """After the swap: what was written into the database of that name, `where` it is now, while it was still
    the live one. What cannot be brought goes into the log."""
    try:
        adapter.let_in(kept, is_allowed=True)
        try:
            said = carry_rest(account_for(adapter, where), adapter.database)
        finally:
            adapter.let_in(kept, is_allowed=False)
    except ServerError as error:
        said = (f"What was written at the moment of the swap could not be brought: {error.message}",)
    for sentence in said:
        op.note(sentence)
