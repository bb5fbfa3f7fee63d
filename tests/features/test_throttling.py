"""Sign-ins slowed down, by what the table of refused ones says (TRUST A4, A5, section 5 point 6)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, insert, select

from core.clock import utc_now
from core.errors import TooBusy
from core.settings import Settings
from database.context import application_context
from features import passwords
from features.login_sessions import Browser, Device
from features.passwords import hash_password
from features.sign_in import WrongPassword, sign_in
from features.throttling import TooManyTries, clear_old_failures, network_of
from models import SignInFailure, User, db

PASSWORD = "a walk along the river"
HERE, THERE = Browser("192.0.2.7"), Browser("198.51.100.9")


@pytest.fixture(autouse=True)
def _context(settings: Settings) -> Iterator[None]:
    with application_context(settings):
        for name in ("ines", "maren"):
            db.session.add(
                User(
                    username=name,
                    email=f"{name}@example.com",
                    name=name,
                    password_hash=hash_password(PASSWORD),
                )
            )
        db.session.commit()
        yield


def fail(name: str, times: int, at: datetime, browser: Browser = HERE) -> list[str]:
    """What is said to `times` wrong passwords in a row."""
    said = []
    for _ in range(times):
        with pytest.raises((WrongPassword, TooManyTries)) as refused:
            sign_in(name, "not the password at all", browser, at)
        said.append(str(refused.value))
    return said


def test_a4_a5_ten_failures_bring_a_pause_told_alike_to_the_known_and_the_unknown() -> None:
    at = utc_now()
    said = fail("ines", 11, at)
    assert said == fail("nobody", 11, at)
    assert said[:5] == ["Username or password is wrong."] * 5
    assert said[5].endswith("4 tries left before a pause of 5 minutes.")
    assert said[8].endswith("1 try left before a pause of 5 minutes.")
    assert said[9].endswith("Wait 5 minutes before the next try.")
    assert said[10] == "Too many sign-ins have failed. Wait 5 minutes."
    with pytest.raises(TooManyTries) as refused:
        sign_in("ines", PASSWORD, THERE, at + timedelta(seconds=90))
    assert (refused.value.http_status, refused.value.retry_after) == (429, 210)
    assert "3 minutes 30 seconds" in str(refused.value)
    assert sign_in("maren", PASSWORD, HERE, at)
    assert sign_in("ines", PASSWORD, HERE, at + timedelta(minutes=5))


def test_refused_tries_wait_for_no_hash_and_leave_nothing() -> None:
    at = utc_now()
    fail("ines", 10, at)
    with all_turns_taken():
        assert fail("ines", 3, at) == ["Too many sign-ins have failed. Wait 5 minutes."] * 3
    assert failures() == 10


def test_a5_a_known_device_is_not_held_up_by_others_but_by_itself() -> None:
    at = utc_now()
    own = Browser("192.0.2.7", device=Device(sign_in("ines", PASSWORD, HERE, at).user.id, "d1"))
    fail("ines", 10, at)
    assert sign_in("ines", PASSWORD, own, at)
    assert "Wait" in fail("ines", 10, at, own)[-1]
    with pytest.raises(TooManyTries):
        sign_in("ines", PASSWORD, own, at)
    assert sign_in("ines", PASSWORD, HERE, at)  # the count of the device is not the account's


def test_a5_the_device_of_one_user_is_a_stranger_to_another() -> None:
    at = utc_now()
    hers = Browser("192.0.2.7", device=Device(sign_in("maren", PASSWORD, HERE, at).user.id, "d1"))
    fail("ines", 10, at)
    with pytest.raises(TooManyTries):
        sign_in("ines", PASSWORD, hers, at)


def test_a_sign_in_ends_the_count_and_keeps_the_failures_for_the_plot() -> None:
    at = utc_now()
    fail("ines", 5, at)
    fail("ines@example.com", 4, at)
    sign_in("INES", PASSWORD, HERE, at)
    assert failures() == 9
    assert "Wait" not in fail("ines", 9, at)[-1]
    assert "Wait" not in fail("Ines@Example.com", 9, at)[-1]


def test_a5_a_hundred_failures_a_minute_close_a_network() -> None:
    at = utc_now()
    row = {"account": "unknown", "network": "192.0.2.0/24", "ip_address": "192.0.2.1"}
    db.session.execute(insert(SignInFailure), [{**row, "at": at - timedelta(seconds=30)}] * 99)
    db.session.commit()
    fail("nobody", 1, at)
    with pytest.raises(TooManyTries) as refused:
        sign_in("ines", PASSWORD, Browser("192.0.2.200"), at)
    assert refused.value.retry_after == 30
    assert sign_in("ines", PASSWORD, THERE, at)
    assert sign_in("ines", PASSWORD, HERE, at + timedelta(seconds=31))


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.0/24"),
        ("::ffff:192.0.2.7", "192.0.2.0/24"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
    ],
)
def test_a_network_is_a_24_or_a_64(address: str, network: str) -> None:
    assert network_of(address) == network


def test_what_was_typed_is_kept_only_of_those_who_exist() -> None:
    at = utc_now()
    typed = "my own password, typed too early"
    fail("INES", 1, at)
    fail(typed, 1, at)
    kept = db.session.scalars(select(SignInFailure.account).order_by(SignInFailure.id)).all()
    assert kept[0] == "ines"
    assert typed not in kept[1]
    assert len(kept[1]) == 72


def test_whoever_finds_no_turn_at_the_processor_has_not_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_PATIENCE", 0.05)
    with all_turns_taken(), pytest.raises(TooBusy):
        sign_in("ines", PASSWORD, HERE, utc_now())
    assert failures() == 0


def test_they_are_kept_31_days(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("features.throttling._STEP", 2)
    at = utc_now()
    fail("nobody", 5, at - timedelta(days=31))
    fail("nobody", 2, at - timedelta(days=30))
    assert clear_old_failures(at) == 5
    assert failures() == 2


GUESS = """
import sys
from core.clock import utc_now
from core.settings import load_settings
from database.context import application_context
from features.login_sessions import Browser
from features.sign_in import WrongPassword, sign_in
from features.throttling import TooManyTries

with application_context(load_settings()):
    sys.stdin.readline()
    for _ in range(5):
        try:
            sign_in("ines", "not the password", Browser("192.0.2.7"), utc_now())
        except (WrongPassword, TooManyTries) as refused:
            print(refused.code, flush=True)
"""


def test_a5_eight_processes_at_once_guess_ten_times() -> None:
    root = Path(__file__).parents[2]
    guessers = [
        subprocess.Popen(
            [sys.executable, "-c", GUESS],
            env={**os.environ, "PYTHONPATH": str(root)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(8)
    ]
    for one in guessers:
        assert one.stdin
        one.stdin.write("go\n")
        one.stdin.flush()
    said = [line for one in guessers for line in one.communicate(timeout=120)[0].splitlines()]
    assert len(said) == 40
    assert 10 <= said.count("wrong_password") <= 12
    assert failures() == said.count("wrong_password")


def failures() -> int:
    return db.session.scalar(select(func.count()).select_from(SignInFailure)) or 0


@contextmanager
def all_turns_taken() -> Iterator[None]:
    """Nobody can hash a password meanwhile."""
    with ExitStack() as held:
        while passwords._turns().acquire(blocking=False):
            held.callback(passwords._turns().release)
        yield
