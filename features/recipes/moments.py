"""When seeded things happen: a count that grows, busy workdays, quiet nights, all before the seed's own day.

A moment is a day, as an ordinal, and a number below TIMES that stands for a time of day."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from functools import cache
from math import sqrt
from random import Random

SPAN = 3 * 365  # days over which people came
TIMES = 4096
_FIXED = date(2026, 11, 1)
# How many of 64 things happen in the hour: little before 7, nothing that could last past midnight.
_BUSY = (0, 0, 0, 0, 0, 1, 1, 3, 5, 6, 7, 6, 4, 5, 6, 6, 5, 4, 2, 1, 2, 0, 0, 0)
_LONGEST = 3 * 3600  # seconds
_MINUTE = 60
Moment = tuple[int, int]


@cache
def last_day(seed: int) -> int:
    """The last day on which anything happened, as an ordinal: the day before the one that a seed such as
    20261120 spells, and for any other seed always the same."""
    text = str(seed)
    try:
        own = date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        own = _FIXED
    return (own if len(text) == 8 and own.year >= 2000 else _FIXED).toordinal() - 1


def joining_day(seed: int, fate: int) -> int:
    """The day a user came: more of them the later it is, and on workdays."""
    return _joining_days(seed)[fate & 0xFFF]


def joining_days_of(seed: int, fates: Iterable[int]) -> list[int]:
    """As `joining_day`, for many at once."""
    days = _joining_days(seed)
    return [days[fate & 0xFFF] for fate in fates]


def day_between(first: int, last: int, fate: int) -> int:
    """A day after `first` up to `last`, sooner or later alike, mostly a workday."""
    day = first + 1 + (((last - first) * (fate >> 24 & 0xFFFFF)) >> 20) if last > first else first + 1
    past_friday = (day + 6) % 7 - 4
    if past_friday > 0 and fate >> 44 & 7:  # seven of eight weekend days move to the Friday before
        return max(first + 1, day - past_friday)
    return day


def begin_text(day: int, time: int) -> str:
    """The moment in UTC, as every dialect reads it."""
    return _day_texts()[day] + _begins()[time]


def begin_texts(moments: Iterable[Moment]) -> list[str]:
    """As `begin_text`, for many at once."""
    days, times = _day_texts(), _begins()
    return [days[day] + times[time] for day, time in moments]


def end_text(day: int, time: int) -> str:
    """When what began at that moment was over: mostly minutes later, at most three hours."""
    return _day_texts()[day] + _ends()[time]


def soon_text(day: int, time: int, fate: int) -> str:
    """A moment in the first minute of what began then."""
    return _day_texts()[day] + _soon()[time][fate & 7]


def seed_of_day(today: date) -> int:
    """The seed that stands for a day."""
    return int(f"{today:%Y%m%d}")


@cache
def _joining_days(seed: int) -> tuple[int, ...]:
    last = last_day(seed) - 1  # so that there is a day after it
    days = [last - SPAN + int((SPAN + 1) * sqrt(step / 4096)) for step in range(4096)]
    return tuple(
        day - max(0, (day + 6) % 7 - 4) if step % 8 else day  # as `day_between`
        for step, day in enumerate(days)
    )


class _DayTexts(dict[int, str]):
    def __missing__(self, day: int) -> str:
        self[day] = text = (date.min + timedelta(days=day - 1)).isoformat() + " "
        return text


@cache
def _day_texts() -> _DayTexts:
    return _DayTexts()


@cache
def _times() -> tuple[tuple[float, float], ...]:
    """When each begins and how long it lasts, in seconds."""
    chance = Random("times of day")
    hours = [hour for hour, share in enumerate(_BUSY) for _ in range(share * TIMES // sum(_BUSY))]
    return tuple(
        (3600 * hour + chance.uniform(0, 3600), _MINUTE + (_LONGEST - _MINUTE) * chance.random() ** 3)
        for hour in hours
    )


@cache
def _begins() -> tuple[str, ...]:
    return tuple(_time_text(begin) for begin, _ in _times())


@cache
def _ends() -> tuple[str, ...]:
    return tuple(_time_text(begin + length) for begin, length in _times())


@cache
def _soon() -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(_time_text(begin + 7.3 * step) for step in range(8)) for begin, _ in _times())


def _time_text(seconds: float) -> str:
    whole, micros = divmod(round(seconds * 1e6), 1_000_000)
    return f"{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}.{micros:06}"
