"""The databases that a restore put aside: shown, swapped back, and dropped when their time is over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.progress import Operation, operation


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
        return self.state == "swapped"


def list_replacements(database: str = "", *, kept_only: bool = False) -> tuple[ReplacementFacts, ...]:
    """The replacements of `database`, or of all, the newest first, at most 200. Needs an application
    context."""
    raise NotImplementedError


def read_replacement(id: str) -> ReplacementFacts:
    """The one of that id. Raises NotFound."""
    raise NotImplementedError


@operation("backup.undo", title="Undo the restore of {database}", target="{database}", attempts=2)
def undo_restore(op: Operation, replacement: str, database: str, *, made_by: str) -> None:
    """Swap back what the restore of that id put aside; `database` is the one it replaced. What is there now
    is kept in turn, as after a restore. Raises NotFound, InvalidInput when it was another database, Conflict
    when it is not kept any more or another restore came after it, ServerError."""
    raise NotImplementedError


@operation("backup.drop_kept", title="Drop what {database} was before", target="{database}")
def drop_kept(op: Operation, replacement: str, database: str) -> None:
    """Drop what the restore of that id put aside; then it cannot be undone. Raises NotFound, InvalidInput
    when it was another database, Conflict when it is not kept any more, ServerError."""
    raise NotImplementedError
