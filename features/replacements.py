"""The databases that a restore put aside: shown, swapped back, and dropped when their time is over."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy import select

from core.clock import utc_now
from core.errors import Conflict, InvalidInput, NotFound
from core.naming import fold
from core.progress import Operation, operation
from core.text import visible
from database.adapters.backup import BackupAdapter, operation_of
from database.transactions import transaction
from features.backup_clock import clock_fault
from features.backup_subjects import find_subject
from features.new_databases import clear_earlier
from features.replacement_rows import (
    DROPPED,
    PREPARED,
    SWAPPED,
    ReplacementFacts,
    facts_of,
    find_replacement,
    mark,
)
from features.swaps import Incoming, finish_swap, go_on_from, replace_live, settle_row
from models import OperationRecord, Replacement

__all__ = [
    "ReplacementFacts",
    "drop_kept",
    "list_replacements",
    "overdue_replacements",
    "read_replacement",
    "replacement_of",
    "settle_replacement",
    "undo_restore",
    "unsettled_replacements",
]

_SHOWN = 200


def list_replacements(database: str = "", *, kept_only: bool = False) -> tuple[ReplacementFacts, ...]:
    """The replacements of `database`, or of all, the newest first, at most 200. Needs an application
    context."""
    wanted = select(Replacement).where(Replacement.live_name != "").order_by(Replacement.id.desc())
    if database:
        wanted = wanted.where(Replacement.database.in_((database, fold(database))))
    if kept_only:
        wanted = wanted.where(Replacement.state == SWAPPED)
    with transaction() as session:
        return tuple(facts_of(session, row) for row in session.scalars(wanted.limit(_SHOWN)))


def read_replacement(id: str) -> ReplacementFacts:
    """The one of that id. Raises NotFound."""
    with transaction() as session:
        return facts_of(session, find_replacement(session, id))


def replacement_of(operation_id: str) -> ReplacementFacts | None:
    """What the restore or the undo of that operation put aside; None when it swapped nothing. Needs an
    application context."""
    mine = Replacement.operation_id == operation_id, Replacement.swapped_at.is_not(None)
    newest = select(Replacement).where(*mine).order_by(Replacement.id.desc()).limit(1)
    with transaction() as session:
        row = session.scalars(newest).first()
        return facts_of(session, row) if row else None


@operation("backup.undo", title="Undo the restore of {database}", target="{database}", attempts=2)
def undo_restore(op: Operation, replacement: str, database: str, *, made_by: str) -> None:
    """Swap back what the restore of that id put aside; `database` is the one it replaced. What is there now
    is kept in turn, as after a restore. Raises NotFound, InvalidInput when it was another database, Conflict
    when it is not kept any more or another restore came after it, ServerError."""
    subject = find_subject(database)
    adapter = subject.open_adapter()
    if not go_on_from(op, subject, adapter):
        kept = _read_kept(adapter, replacement, subject.name)
        if kept is None:
            raise Conflict(f"What {subject.name} was before is not on the server any more.")
        if not kept.can_undo:
            raise Conflict(
                f"{subject.name} was restored again since.", hint="Undo the restores after it first."
            )
        where = replace(adapter.database, database=kept.kept_name)
        replace_live(op, subject, adapter, Incoming(kept.kept_name, where), made_by=made_by)


@operation("backup.drop_kept", title="Drop what {database} was before", target="{database}", attempts=3)
def drop_kept(op: Operation, replacement: str, database: str) -> None:
    """Drop what the restore of that id put aside, if it is there; then it cannot be undone. Raises NotFound,
    InvalidInput when it was another database, Conflict when it is not kept any more, ServerError."""
    subject = find_subject(database)
    adapter = subject.open_adapter()
    kept = _read_kept(adapter, replacement, subject.name)
    if kept is None:
        op.note("It was not on the server any more.")
        return
    op.phase("Drop what was kept")
    adapter.drop(op, kept.kept_name)
    mark(replacement, DROPPED)
    op.note(f"{visible(kept.kept_name)} was dropped.")


@operation("backup.settle", title="Settle the restore of {database} that was cut off", target="{database}")
def settle_replacement(op: Operation, replacement: str, database: str) -> None:
    """Bring a restore or an undo whose operation is over to one of its two ends: the new database is live and
    the old one kept, or nothing was swapped and what was made is dropped. Raises NotFound, Conflict when
    somebody else changed the databases, ServerError."""
    subject = find_subject(database)
    adapter = subject.open_adapter()
    with transaction() as session:
        row = find_replacement(session, replacement)
        state, is_new, made_by, new_name = row.state, not row.live_name, row.operation_id, row.new_name
    if state != PREPARED:
        return
    if is_new:
        clear_earlier(op, adapter, made_by)
    elif settle_row(op, adapter, replacement):
        finish_swap(op, subject, adapter, replacement)
    elif operation_of(new_name):
        adapter.drop(op, new_name)


def overdue_replacements() -> tuple[tuple[str, str], ...]:
    """(id, database) of what is kept past its time; () while the clock is not to be trusted. Needs an
    application context. Raises ServerError."""
    now = utc_now()
    if clock_fault(now):
        return ()
    past = Replacement.state == SWAPPED, Replacement.kept_until < now
    with transaction() as session:
        rows = session.execute(select(Replacement.id, Replacement.database).where(*past))
        return tuple((row.id, row.database) for row in rows)


def unsettled_replacements() -> tuple[tuple[str, str], ...]:
    """(id, database) of what was under way in operations that are over. Needs an application context. Raises
    ServerError."""
    live = select(OperationRecord.id).where(OperationRecord.state.in_(("queued", "running")))
    left = Replacement.state == PREPARED, Replacement.operation_id.not_in(live)
    with transaction() as session:
        rows = session.execute(select(Replacement.id, Replacement.database).where(*left))
        return tuple((row.id, row.database) for row in rows)


def _read_kept(adapter: BackupAdapter, id: str, database: str) -> ReplacementFacts | None:
    """The replacement of that database, which is still kept, and whose database is the one it was. None when
    that is not there any more: somebody dropped it, and now the row says so."""
    with transaction() as session:
        row = find_replacement(session, id)
        facts, identity = facts_of(session, row), row.live_identity
    if facts.database != database:
        raise InvalidInput(f"That replaced {facts.database}, not {database}.")
    if not facts.is_kept:
        raise Conflict(f"What {database} was before is not kept any more: it is {facts.state}.")
    try:
        found = adapter.identity(facts.kept_name)
    except NotFound:
        mark(id, DROPPED)
        return None
    if found != identity:
        raise Conflict(
            f"{visible(facts.kept_name)} is not the database that was put aside.",
            hint="Somebody made another of that name. Nothing was done to it.",
        )
    return facts
