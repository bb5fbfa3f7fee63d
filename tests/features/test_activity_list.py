"""Who came and went, on every dialect: filtered, counted by day, forgotten in small steps; who is online."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, insert, select

from core.clock import utc_now
from core.errors import InvalidInput, NotFound
from core.progress import Operation
from core.settings import Settings
from database.context import application_context
from features import activity_list
from features.activity_list import (
    ActivityFilter,
    activity_by_day,
    all_activity,
    forget_old_activity,
    list_activity,
)
from features.login_sessions import Browser, open_session, read_session
from features.online import OnlineFilter, end_session, list_online, read_online
from jobs.chores import forget_activity
from models import User, UserLog, db

NOW = utc_now()


def log(
    username: str, days_ago: float, action: str = "login", address: str = "192.0.2.1"
) -> dict[str, object]:
    at = NOW - timedelta(days=days_ago)
    return {"username": username, "timestamp": at, "action": action, "ip_address": address, "user_agent": "x"}


@pytest.mark.every_server
def test_activity(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(activity_list, "_STEP", 40)
    rows = [log("ada", number % 7, address="10.0.0.1") for number in range(70)]
    rows += [log("bob", number * 4, "logout", f"10.0.{number}.9") for number in range(100)]
    with application_context(settings):
        db.session.execute(insert(UserLog), rows)
        db.session.commit()
        _is_found()
        _is_forgotten(settings)
        _tells_who_is_online()


def _is_found() -> None:
    page = list_activity(ActivityFilter(user="ADA"), limit=33)
    rest = list_activity(ActivityFilter(user="ADA"), page.next_cursor, limit=200)
    assert len(page.rows) == 33 and len(rest.rows) == 37 and not rest.next_cursor
    assert len({one.id for one in (*page.rows, *rest.rows)}) == 70  # many of one moment, none twice
    assert len(list(all_activity(ActivityFilter(address="10.0.1")))) == 11  # 10.0.1.9 and 10.0.10.9 to 19
    span = ActivityFilter(since=NOW - timedelta(days=8), until=NOW - timedelta(days=3), action="logout")
    assert len(list_activity(span).rows) == 2
    counted = [day.succeeded for day in activity_by_day(ActivityFilter(user="ada"), NOW, days=7)]
    assert (
        counted == [10] * 7
        and sum(one.succeeded for one in activity_by_day(ActivityFilter(user="x"), NOW)) == 0
    )
    for wrong in (ActivityFilter(action="x"), ActivityFilter(since=NOW, until=NOW - timedelta(days=1))):
        with pytest.raises(InvalidInput):
            list_activity(wrong)


def _is_forgotten(settings: Settings) -> None:
    assert forget_old_activity(NOW - timedelta(days=200, hours=1)) == 49
    forget_activity(replace(settings, activity_retention_days=0))  # for ever
    assert db.session.scalar(select(func.count()).select_from(UserLog)) == 121
    db.session.commit()
    forget_activity(replace(settings, activity_retention_days=101))
    assert len(list(all_activity(ActivityFilter()))) == 96


def _tells_who_is_online() -> None:
    db.session.add(User(username="ada", email="ada@example.com", name="Ada"))
    db.session.commit()
    user_id = db.session.scalar(select(User.id)) or 0
    db.session.commit()
    token = open_session(user_id, Browser("198.51.100.7", "Firefox"), NOW).token
    open_session(user_id, Browser("2001:db8::1"), NOW - timedelta(minutes=31))  # idle for too long by now
    [one] = list_online(OnlineFilter(user="AD"), NOW).rows
    assert (one.username, one.address, one.user_agent, one.signed_in_at) == (
        "ada",
        "198.51.100.7",
        "Firefox",
        NOW,
    )
    assert list_online(OnlineFilter(address="198.51.100.8"), NOW).rows == ()
    end_session(Operation(), one.id, "ada")
    assert read_session(token, NOW) is None and list_online(OnlineFilter(), NOW).rows == ()
    with pytest.raises(NotFound):
        read_online(one.id, NOW)
