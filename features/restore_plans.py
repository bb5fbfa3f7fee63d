"""What a restore would do, said before: what is lost, who is hit, how long it takes, how to go back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from core.errors import Unsupported
from database.adapters.backup import Obstacle
from features.backup_rows import BackupFacts


class RevisionOrder(StrEnum):
    """The schema's revision in the backup, held against that of the database there is now."""

    SAME = "the same"
    OLDER = "older"
    NEWER = "newer"
    OTHER = "another"  # neither is on the way to the other
    NONE = "none"  # the backup or the database has none


@dataclass(frozen=True)
class TableChange:
    """One table: its rows `now` and `after` the restore, None where it is not there. `is_estimate` when the
    rows of now were not counted: say "about". `newest` is when the newest of those that lose rows came, None
    where no index tells."""

    name: str
    now: int | None
    after: int | None
    is_estimate: bool = False
    newest: datetime | None = None

    @property
    def lost(self) -> int:
        """Rows that go, at least: those there are more now than after."""
        return max((self.now or 0) - (self.after or 0), 0)


@dataclass(frozen=True)
class ConnectedAccount:
    """Who is connected to the database now: an account, where it comes from, and how many sessions."""

    account: str
    addresses: tuple[str, ...]
    sessions: int


@dataclass(frozen=True)
class Step:
    """One step of the restore in words. `seconds` is how long it took last time, None: not measured."""

    name: str
    details: str
    seconds: float | None = None


@dataclass(frozen=True)
class RestorePlan:
    """All that is to be known before. `database` is the one that is replaced, or that is gone and made anew,
    or whose server gets the new one of `new_name`. Sizes are bytes, None for what cannot be seen. Nothing
    has happened yet."""

    backup: BackupFacts
    database: str
    new_name: str
    environment: str
    is_own: bool
    counted_at: datetime
    tables: tuple[TableChange, ...] = ()
    connected: tuple[ConnectedAccount, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()
    steps: tuple[Step, ...] = ()
    away_seconds: float | None = None
    disk_needed: int | None = None
    disk_free: int | None = None
    kept_name: str = ""
    undo_until: datetime | None = None
    revision: RevisionOrder = RevisionOrder.NONE
    command: str = ""
    can_stop_writes: bool = False
    damage: str = ""  # of what is there now, which then is not backed up and not counted

    @property
    def is_beside(self) -> bool:
        """True when a new database is made and nothing is replaced."""
        return bool(self.new_name)

    @property
    def age(self) -> float:
        """Seconds between the backup and now: what was changed in them is lost."""
        return (self.counted_at - self.backup.taken_at).total_seconds()

    @property
    def rows_now(self) -> int:
        """Rows of all tables there are now."""
        return sum(table.now or 0 for table in self.tables)

    @property
    def rows_after(self) -> int:
        """Rows of all tables after the restore."""
        return sum(table.after or 0 for table in self.tables)

    @property
    def rows_lost(self) -> int:
        """Rows that go, at least."""
        return sum(table.lost for table in self.tables)

    @property
    def is_estimate(self) -> bool:
        """True when the rows of some table were not counted."""
        return any(table.is_estimate for table in self.tables)

    @property
    def tables_lost(self) -> tuple[TableChange, ...]:
        """Tables that lose rows, most first."""
        losers = [table for table in self.tables if table.lost]
        return tuple(sorted(losers, key=lambda table: -table.lost))

    def check_writes(self, stop: bool) -> None:
        """Raises Unsupported where it is wished to stop writes and cannot be done."""
        if stop and not self.can_stop_writes:
            raise Unsupported(
                f"Writes into {self.database} cannot be stopped by the console.",
                hint="Stop the applications that write, or go on without it.",
            )

    @property
    def tells_newest(self) -> bool:
        """True when it is known of some table when its newest row came."""
        return any(table.newest for table in self.tables)

    @property
    def loses_data(self) -> bool:
        """True when something that is there now goes: then the name is to be typed."""
        return not self.is_beside and (bool(self.damage) or any(table.now for table in self.tables))

    @property
    def sessions(self) -> int:
        """Sessions that end at the swap."""
        return sum(one.sessions for one in self.connected)

    @property
    def faults(self) -> tuple[Obstacle, ...]:
        """What stops the restore; () when it may begin."""
        return tuple(one for one in self.obstacles if one.is_fatal)

    @property
    def is_possible(self) -> bool:
        """True when nothing stops it."""
        return not self.faults

    @property
    def seconds(self) -> float | None:
        """How long all of it takes, None when a step was not measured."""
        known = [step.seconds for step in self.steps if step.seconds is not None]
        return sum(known) if len(known) == len(self.steps) else None
