"""Browser sessions in the tables of every dialect: proven anew, ended, cleared away (TRUST S2 to S5)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from core.clock import utc_now
from core.errors import NotAllowed
from core.settings import Settings
from database.context import application_context
from features.login_sessions import (
    Browser,
    clear_ended_sessions,
    close_all_sessions,
    open_session,
    read_session,
    renew_session,
)
from models import LoginSession, OnlineUser, User, UserLog, db

HERE = Browser("192.0.2.7", "Agent")


@pytest.fixture(autouse=True)
def _context(settings: Settings) -> Iterator[None]:
    with application_context(settings):
        yield


def add_user(name: str) -> int:
    user = User(username=name, email=f"{name}@example.com", name=name)
    db.session.add(user)
    db.session.commit()
    return user.id


def rows() -> list[int]:
    """How many sessions, people online and sign-outs there are."""
    out = select(func.count()).select_from(UserLog).where(UserLog.action == "logout")
    sessions, online = (select(func.count()).select_from(table) for table in (LoginSession, OnlineUser))
    return [db.session.scalar(query) or 0 for query in (sessions, online, out)]


def test_s2_s5_a_session_is_proven_anew_once() -> None:
    at = utc_now()
    opened = open_session(add_user("ines"), HERE, at, stays=True)
    later = at + timedelta(hours=3)
    stale = read_session(opened.token, later)
    assert stale and not stale.proved_lately(later)
    proven = renew_session(opened.token, later)
    assert (proven.expires_at, proven.stays) == (opened.expires_at, True)
    assert read_session(proven.token, later) == proven.user
    assert proven.user.proved_lately(later + timedelta(minutes=4, seconds=59))
    assert not proven.user.proved_lately(later + timedelta(minutes=5))
    assert read_session(opened.token, later) is None
    for token in (opened.token, "", "x"):
        with pytest.raises(NotAllowed):
            renew_session(token, later)
    with pytest.raises(NotAllowed):
        renew_session(proven.token, at + timedelta(hours=12))


def test_s3_all_of_one_user_end_however_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.login_sessions._STEP", 3)
    at, ines, bob = utc_now(), add_user("ines"), add_user("bob")
    for _ in range(7):
        open_session(ines, HERE, at)
    other = open_session(bob, HERE, at)
    close_all_sessions(ines, at)
    assert rows() == [1, 1, 7]
    assert read_session(other.token, at)


def test_s4_a6_what_is_over_is_cleared_away_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.login_sessions._STEP", 2)
    at, ines, bob = utc_now(), add_user("ines"), add_user("bob")
    for stays in (False, False, False, True):
        open_session(ines, HERE, at, stays=stays)
    open_session(bob, HERE, at, stays=True)
    assert clear_ended_sessions(at + timedelta(minutes=29)) == 0
    assert clear_ended_sessions(at + timedelta(minutes=30)) == 3
    db.session.get_one(User, bob).is_active = False
    db.session.commit()
    assert clear_ended_sessions(at + timedelta(minutes=30)) == 1
    assert rows() == [1, 1, 4]
    assert clear_ended_sessions(at + timedelta(hours=12)) == 1
    assert rows() == [0, 0, 5]
