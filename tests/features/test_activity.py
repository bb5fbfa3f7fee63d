"""Sign-ins by UTC day, each day over counted once; who is online, each person once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from core.settings import Settings
from database.context import application_context
from features.activity import SignInHistory, online_users
from features.login_sessions import Browser, close_session, open_session
from models import LoginSession, OnlineUser, SignInFailure, User, UserLog, db

NOW = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)  # half past midnight in UTC, another day in most zones
TODAY = NOW.date()


@pytest.fixture
def settings(settings: Settings) -> Iterator[Settings]:
    """Those of a database with the schema in place, in its application context."""
    with application_context(settings):
        yield settings


def log(action: str, at: datetime, times: int = 1) -> None:
    db.session.add_all(
        UserLog(username="mvogt", action=action, timestamp=at, ip_address="192.0.2.1") for _ in range(times)
    )


def test_sign_ins_are_counted_by_utc_day(settings: Settings) -> None:
    log("login", NOW, 3)
    log("login", NOW - timedelta(hours=1), 2)  # yesterday
    log("logout", NOW, 5)
    log("login", NOW - timedelta(days=30), 7)  # before the first day
    failure = {"account": "x", "network": "192.0.2.0/24", "ip_address": "192.0.2.1"}
    db.session.add(SignInFailure(at=NOW - timedelta(days=29, minutes=30), **failure))
    db.session.commit()
    days = SignInHistory().read(TODAY)
    assert len(days) == 30 and days[-1].day == TODAY
    assert [(day.succeeded, day.failed) for day in days[-2:]] == [(2, 0), (3, 0)]
    assert (days[0].succeeded, days[0].failed) == (0, 1)
    assert sum(day.succeeded for day in days) == 5


def test_days_that_are_over_are_counted_once(settings: Settings) -> None:
    """What is written into the past later on is not seen; today and tomorrow are."""
    history = SignInHistory()
    history.read(TODAY)
    log("login", NOW - timedelta(days=2))
    log("login", NOW)
    log("login", NOW + timedelta(days=1), 2)
    db.session.commit()

    assert [day.succeeded for day in history.read(TODAY)[-3:]] == [0, 0, 1]
    assert [day.succeeded for day in history.read(TODAY + timedelta(days=1))[-3:]] == [0, 1, 2]


def test_a_person_is_online_once_as_seen_last(settings: Settings) -> None:
    people = {name: _add_user(name) for name in ("mvogt", "achen", "gone", "idle", "stays", "inactive")}
    for name, minutes in (("mvogt", 20), ("mvogt", 2), ("achen", 1), ("inactive", 0)):
        _open(people[name], NOW - timedelta(minutes=minutes), f"192.0.2.{minutes}")
    close_session(_open(people["gone"], NOW), NOW)
    db.session.query(User).filter_by(username="inactive").update({"is_active": False})
    for name in ("stays", "idle"):
        _open(people[name], NOW - timedelta(minutes=60))
    db.session.query(LoginSession).filter_by(user_id=people["stays"]).update({"stays": True})
    db.session.commit()
    online = online_users(2, NOW)
    assert online.count == 3
    assert [(one.name, one.address, one.role) for one in online.people] == [
        ("Achen", "192.0.2.1", "viewer"),
        ("Mvogt", "192.0.2.2", "viewer"),
    ]
    assert online.people[0].last_seen == NOW - timedelta(minutes=1)
    assert len(online_users(10, NOW).people) == 3
    assert db.session.query(OnlineUser).count() > 3


def _add_user(username: str) -> int:
    user = User(username=username, email=f"{username}@example.com", name=username.capitalize())
    db.session.add(user)
    db.session.commit()
    return user.id


def _open(user_id: int, at: datetime, address: str = "192.0.2.9") -> str:
    return open_session(user_id, Browser(address), at).token
