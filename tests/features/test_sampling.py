"""Sizes over time: one sample an hour however many workers ask, thinned out with age, removed in the end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

import pytest
from sqlalchemy import delete, func, select

from core.clock import utc_now
from core.settings import Settings
from database.context import application_context
from features import sampling
from features.sampling import POINTS, sample_sizes, size_history
from models import RegisteredDatabase, SizeSample, db

NOW = utc_now().replace(hour=12, minute=0, second=0, microsecond=0)


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """Those of a database with the schema in place, in its application context."""
    with application_context(settings):
        yield settings


def add(size: int, taken_at: datetime, database_id: str | None = None) -> None:
    db.session.add(SizeSample(database_id=database_id, taken_at=taken_at, size=size))


def count() -> int:
    return db.session.scalar(select(func.count()).select_from(SizeSample)) or 0


def test_workers_that_come_at_once_take_one_sample_an_hour(settings: Settings) -> None:
    """Four workers, twice; then an hour passes. Workers live in contexts of their own."""

    def work(_: int) -> int:
        with application_context(settings):
            return sample_sizes(settings)

    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(work, range(8))) == 1
    [point] = size_history(1)
    assert point.size > 10_000
    db.session.execute(delete(SizeSample))
    add(1, utc_now() - timedelta(minutes=57))  # early by less than five minutes: the chore came round
    db.session.commit()
    assert sample_sizes(settings) == 1
    assert [one.size > 1 for one in size_history(1)] == [False, True]


def test_a_registered_database_is_sampled_while_its_check_is_fresh(settings: Settings) -> None:
    for name, minutes, size in (("fresh", 5, 700), ("stale", 90, 800), ("unseen", 5, None)):
        db.session.add(_registered(name, utc_now() - timedelta(minutes=minutes), size))
    db.session.commit()
    assert sample_sizes(settings) == 2
    taken = db.session.execute(select(SizeSample.database_id, SizeSample.size)).all()
    assert [tuple(row) for row in taken if row.database_id] == [("fresh", 700)]
    assert [one.size for one in size_history(1)] != [700]


def test_old_samples_are_thinned_to_the_last_of_each_day_and_removed_after_two_years(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sampling, "STEP", 7)
    for days in (800, 40, 31, 3):
        for hour in range(12):
            add(100 * days + hour, NOW - timedelta(days=days, hours=11 - hour))
    db.session.add(_registered("other", None, None))
    db.session.flush()
    add(1, NOW - timedelta(days=40), "other")
    db.session.commit()
    sample_sizes(settings)
    kept = db.session.scalars(select(SizeSample.size).order_by(SizeSample.size)).all()
    assert [size for size in kept if size < 10_000] == [1, *range(300, 312), 3111, 4011]
    assert not [size for size in kept if size // 100 == 800]


def test_a_long_history_comes_as_no_more_points_than_a_plot_shows(settings: Settings) -> None:
    for hour in range(3 * POINTS + 1):
        add(hour, NOW - timedelta(hours=hour))
    db.session.commit()
    points = size_history(365, NOW)
    assert POINTS / 2 < len(points) <= POINTS
    assert points[-1].size == 0
    assert list(points) == sorted(points, key=lambda point: point.taken_at)
    assert len(size_history(2, NOW)) == 49


def _registered(name: str, checked_at: datetime | None, size: int | None) -> RegisteredDatabase:
    return RegisteredDatabase(
        id=name, name=name, environment="testing", dialect="sqlite", database_name=f"{name}.db",
        created_by="test", checked_at=checked_at, size=size,
    )  # fmt: skip
