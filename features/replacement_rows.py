"""The rows of replacements: what is under way, what is kept, what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from core.clock import utc_now
from core.errors import NotFound
from core.naming import is_id, new_id
from core.progress import Operation
from core.text import visible
from database.adapters.backup import Swap
from database.transactions import DatabaseSession, transaction
from features.backup_rows import name_of
from features.backup_subjects import Subject
from models import Backup, Replacement

PREPARED, SWAPPED, UNDONE, DROPPED, ABANDONED = "prepared", "swapped", "undone", "dropped", "abandoned"


@dataclass(frozen=True)
class ReplacementFacts:
    """One restore in the place of a database. `state` is "prepared", "swapped", "undone", "dropped" or
    "abandoned"; while it is "swapped", what was there before is kept as `kept_name` until `kept_until`.
    `backup_name` is "" for an undo, and where the backup is gone. `can_undo` for the newest of its
    database alone: an older one is reached by undoing those after it first."""

    id: str
    backup_id: str | None
    backup_name: str
    database: str
    is_own: bool
    live_name: str
    kept_name: str
    operation_id: str
    state: str
    created_at: datetime
    swapped_at: datetime | None
    kept_until: datetime | None
    can_undo: bool

    @property
    def is_kept(self) -> bool:
        """True while what was there before is still there."""
        return self.state == SWAPPED


def facts_of(session: DatabaseSession, row: Replacement) -> ReplacementFacts:
    """What is shown of a row."""
    told = ReplacementFacts.__dataclass_fields__.keys() - {"backup_name", "can_undo"}
    backup = session.get(Backup, row.backup_id) if row.backup_id else None
    return ReplacementFacts(
        **{name: getattr(row, name) for name in told},
        backup_name=name_of(backup.file) if backup else "",
        can_undo=row.state == SWAPPED and _newest_of(session, row.database) == row.id,
    )


def find_replacement(session: DatabaseSession, id: str) -> Replacement:
    """The row of that id. Raises NotFound."""
    row = session.get(Replacement, id) if is_id(id) else None
    if row is None:
        raise NotFound(f'There is no replacement "{visible(id[:80])}".')
    return row


def swap_of(row: Replacement) -> Swap:
    """What the row says was to be swapped."""
    return Swap(row.live_name, row.new_name, row.kept_name, row.live_identity, row.new_identity)


def write_prepared(op: Operation, subject: Subject, swap: Swap, backup_id: str | None) -> str:
    """Keep what is about to happen, as long as the operation still holds its lease; gives the row's id.
    Raises LeaseLost."""
    row = Replacement(id=new_id(), backup_id=backup_id, operation_id=op.id, created_at=utc_now())
    row.database, row.database_id, row.is_own = subject.name, subject.database_id, subject.is_own
    row.live_name, row.new_name, row.kept_name = swap.live, swap.new, swap.kept
    row.live_identity, row.new_identity = swap.live_identity, swap.new_identity
    id = row.id
    with transaction() as session:
        session.add(row)
    return id


def mark_swapped(id: str, identity: Callable[[str], str], days: int) -> datetime:
    """It is done: what was there before is kept for so many days from now; gives until when. The row says
    from now on by which `identity` what is kept, and what is live, is known. The restore whose kept database
    is live again is undone by it."""
    now = utc_now()
    until = now + timedelta(days=days)
    with transaction() as session:
        row = find_replacement(session, id)
        row.live_identity, row.new_identity = identity(row.kept_name), identity(row.live_name)
        row.state, row.swapped_at, row.kept_until = SWAPPED, now, until
        its = Replacement.database == row.database, Replacement.kept_name == row.new_name
        session.execute(update(Replacement).where(*its, Replacement.state == SWAPPED).values(state=UNDONE))
    return until


def mark(id: str, state: str) -> None:
    """The row is in that state now."""
    with transaction() as session:
        find_replacement(session, id).state = state


def was_kept(name: str) -> bool:
    """True when a restore put something aside under that name, whatever became of it."""
    named = select(Replacement.id).where(Replacement.kept_name == name).limit(1)
    with transaction() as session:
        return session.scalar(named) is not None


def _newest_of(session: DatabaseSession, database: str) -> str | None:
    kept = Replacement.database == database, Replacement.state == SWAPPED, Replacement.live_name != ""
    return session.scalar(select(func.max(Replacement.id)).where(*kept))
