"""Signing in as a feature: who is found, what is upgraded, what is written (TRUST A4, A6, A9)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher
from sqlalchemy import select, update

from core.clock import utc_now
from core.settings import Settings
from database.context import application_context
from features.login_sessions import Browser, read_session
from features.passwords import hash_password, is_outdated
from features.sign_in import WrongPassword, sign_in
from models import LoginSession, User, UserLog, db

PASSWORD = "a walk along the river"
BROWSER = Browser("192.0.2.7", "Agent\0" + "x" * 500)


@pytest.fixture(autouse=True)
def _context(settings: Settings) -> Iterator[None]:
    with application_context(settings):
        db.session.add(
            User(username="zoë", email="zoe@example.com", name="Zoë", password_hash=hash_password(PASSWORD))
        )
        db.session.commit()
        yield


@pytest.mark.parametrize("identifier", ["zoë", "ZOË", " zoe\u0308 ", "ZOE@example.com"])
def test_by_name_and_by_email_in_any_spelling(identifier: str) -> None:
    signed_in = sign_in(identifier, PASSWORD, BROWSER, utc_now())
    assert signed_in.user.username == "zoë"
    assert read_session(signed_in.token, utc_now()) == signed_in.user
    assert signed_in.token not in repr(signed_in)


@pytest.mark.parametrize("identifier", ["zoe", "zo_", "%", "zoë\0", "'", "zoe@example", ""])
def test_nearly_right_is_wrong(identifier: str) -> None:
    with pytest.raises(WrongPassword):
        sign_in(identifier, PASSWORD, BROWSER, utc_now())


def test_a6_neither_the_inactive_nor_those_without_a_password_get_in() -> None:
    for change in ({"is_active": False}, {"is_active": True, "password_hash": ""}):
        db.session.execute(update(User).values(**change))
        db.session.commit()
        for password in (PASSWORD, ""):
            with pytest.raises(WrongPassword):
                sign_in("zoë", password, BROWSER, utc_now())
    assert not db.session.scalars(select(LoginSession)).all()


def test_a9_a_weaker_hash_is_upgraded_by_a_sign_in_and_by_nothing_else() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    db.session.execute(update(User).values(password_hash=weak))
    db.session.commit()
    with pytest.raises(WrongPassword):
        sign_in("zoë", "not the password at all", BROWSER, utc_now())
    assert db.session.scalars(select(User.password_hash)).one() == weak
    sign_in("zoë", PASSWORD, BROWSER, utc_now())
    assert not is_outdated(db.session.scalars(select(User.password_hash)).one())
    assert sign_in("zoë", PASSWORD, BROWSER, utc_now())


def test_the_log_names_address_and_agent_made_harmless() -> None:
    sign_in("zoë", PASSWORD, BROWSER, utc_now())
    row = db.session.scalars(select(UserLog)).one()
    assert (row.action, row.username, row.ip_address) == ("login", "zoë", "192.0.2.7")
    assert row.user_agent.startswith("Agent\\x00xxx")
    assert len(row.user_agent) == 255
