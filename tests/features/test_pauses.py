"""How failures add up to a pause (TRUST A5)."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from core.clock import utc_now
from features.pauses import outlook

START = utc_now()


def minutes(*numbers: float) -> list[datetime]:
    return [START + timedelta(minutes=number) for number in numbers]


def test_ten_within_five_minutes_bring_a_pause_and_nine_do_not() -> None:
    nine = minutes(*[0.5 * number for number in range(9)])
    assert outlook(nine, nine[-1]).tries_left == 1
    ten = [*nine, *minutes(4.5)]
    assert outlook(ten, ten[-1]).tries_left == 0
    assert [outlook(ten, ten[-1]).free_at] == minutes(9.5)


def test_failures_further_apart_never_do() -> None:
    slow = minutes(*[0.6 * number for number in range(100)])
    assert outlook(slow, slow[-1]).tries_left == 1
    assert outlook(slow, slow[-1] + timedelta(minutes=5)).tries_left == 10


def test_each_failure_after_a_pause_brings_a_longer_one_up_to_fifteen_minutes() -> None:
    failures, lengths = minutes(*[0] * 10), []
    for _ in range(5):
        now = outlook(failures, failures[-1])
        lengths.append((now.free_at - failures[-1], now.pause))
        assert outlook(failures, now.free_at).tries_left == 1
        failures.append(now.free_at + timedelta(minutes=1))
    assert lengths == [(timedelta(minutes=one), timedelta(minutes=one)) for one in (5, 10, 15, 15, 15)]


@pytest.mark.parametrize(("quiet", "left"), [(14.9, 1), (15, 10)])
def test_fifteen_quiet_minutes_after_a_pause_all_is_forgotten(quiet: float, left: int) -> None:
    ten = minutes(*[0] * 10)
    assert outlook(ten, START + timedelta(minutes=5 + quiet)).tries_left == left


def test_tries_under_way_as_the_pause_begins_do_not_lengthen_it() -> None:
    assert [outlook(minutes(*[0] * 13, 0.1, 0.2), START).free_at] == minutes(5)
