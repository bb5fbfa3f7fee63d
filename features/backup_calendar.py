"""The backups of a month, day by day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class CalendarDay:
    """One UTC day. Of its `count` backups `best` is the highest level that was seen, "damaged" when nothing
    better, "" without any, and `backup_id` the newest of that level; `failed` attempts made none."""

    day: date
    is_in_month: bool
    best: str
    backup_id: str
    count: int
    failed: int

    @property
    def more(self) -> int:
        """Backups beside that one."""
        return max(0, self.count - 1)


def calendar(database: str, year: int, month: int) -> tuple[CalendarDay, ...]:
    """The weeks, Monday to Sunday, that hold the month: 28, 35 or 42 days. Needs an application context.
    Raises InvalidInput for what is no month, ServerError."""
    raise NotImplementedError
