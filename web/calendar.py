"""The calendar of backups as a page shows it: a month in weeks, each day with its marks and its address."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date

from core.errors import InvalidInput
from core.text import visible
from features.backups import CalendarDay

WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTH = re.compile(r"(\d{4})-(\d{2})")
_FIRST, _LAST = (2000, 1), (2199, 12)


@dataclass(frozen=True, order=True)
class YearMonth:
    """A month of a year. In addresses "2026-11"."""

    year: int
    month: int

    @classmethod
    def of(cls, day: date) -> YearMonth:
        """The month that day lies in."""
        return cls(day.year, day.month)

    @property
    def title(self) -> str:
        """ "November 2026"."""
        return f"{date(self.year, self.month, 1):%B} {self.year}"

    @property
    def earlier(self) -> YearMonth:
        """The month before."""
        return YearMonth(self.year - (self.month == 1), (self.month - 2) % 12 + 1)

    @property
    def later(self) -> YearMonth:
        """The month after."""
        return YearMonth(self.year + (self.month == 12), self.month % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"


def read_month(text: str, today: date) -> YearMonth:
    """The month that an address names, "" for that of today. Raises InvalidInput."""
    if not text:
        return YearMonth.of(today)
    match = _MONTH.fullmatch(text)
    wanted = YearMonth(int(match[1]), int(match[2])) if match else YearMonth(0, 0)
    if not (YearMonth(*_FIRST) <= wanted <= YearMonth(*_LAST) and 1 <= wanted.month <= 12):
        raise InvalidInput(f'"{visible(text[:20])}" is no month.', hint="Write it as 2026-11.")
    return wanted


@dataclass(frozen=True)
class Move:
    """A link to another month; without an address there is nothing to see there."""

    title: str
    address: str


@dataclass(frozen=True)
class Day:
    """One day: `level` is the highest that was seen, "" for none; `more` are the other backups of that day;
    `fault` says what there is instead of a backup, such as "Failed"; `address` leads to the backup."""

    date: date
    label: str
    level: str
    more: int
    fault: str
    backup_id: str
    address: str
    is_outside: bool
    is_future: bool
    is_today: bool
    is_selected: bool


@dataclass(frozen=True)
class Month:
    """A month to show: weeks from Monday to Sunday."""

    title: str
    weeks: tuple[tuple[Day, ...], ...]
    earlier: Move
    later: Move
    weekdays: tuple[str, ...] = WEEKDAYS


def month_of(
    month: YearMonth,
    days: Iterable[CalendarDay],
    today: date,
    *,
    selected: date | None = None,
    address_of: Callable[[CalendarDay], str],
    month_address: Callable[[YearMonth], str],
) -> Month:
    """The month as its page shows it. `address_of` tells where a day leads, "" for nowhere; the months are
    reached by `month_address`, none after that of today."""
    shown = [
        _day(one, address_of(one), today, names_month=not place, is_selected=one.day == selected)
        for place, one in enumerate(days)
    ]
    return Month(
        month.title,
        tuple(tuple(shown[start : start + 7]) for start in range(0, len(shown), 7)),
        Move(month.earlier.title, month_address(month.earlier)),
        Move(month.later.title, month_address(month.later) if month < YearMonth.of(today) else ""),
    )


def _day(one: CalendarDay, address: str, today: date, *, names_month: bool, is_selected: bool) -> Day:
    number = str(one.day.day)
    return Day(
        date=one.day,
        label=f"{one.day:%b} {number}" if names_month or one.day.day == 1 else number,
        level=one.best,
        more=one.more,
        fault="Failed" if one.failed and not one.best else "",
        backup_id=one.backup_id,
        address=address,
        is_outside=not one.is_in_month,
        is_future=one.day > today,
        is_today=one.day == today,
        is_selected=is_selected,
    )
