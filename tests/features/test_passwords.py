"""Which passwords are accepted and how they are kept (TRUST A2, A3, A4, A9)."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from argon2 import PasswordHasher, extract_parameters

from core.errors import InvalidInput, TooBusy
from features import passwords
from features.passwords import check_password, hash_password, is_outdated, verify_password

GOOD = "a walk along the river"


@pytest.mark.parametrize(
    "password",
    ["abcdefgh ijklmn", GOOD, "gh" + "äöü" * 5, " starts and ends with a space ", "7" * 13 + "xyz",
     "q" + "aZ3 " * 32, "word " * 12 + "different each time", "x1" * 3 + "unlike" * 2 + "y" * 100],
)  # fmt: skip
def test_a2_any_fifteen_characters_do(password: str) -> None:
    check_password(password)


@pytest.mark.parametrize("length", [15, 64, 128, 1000])
def test_a2_long_ones_are_taken_whole(length: int) -> None:
    password = ("a sentence of some words " * 50)[: length - 1] + "!"
    check_password(password)


@pytest.mark.parametrize("password", ["", "x" * 14, "fourteen chars", "y" * 1001])
def test_a2_too_short_and_absurdly_long_are_refused(password: str) -> None:
    with pytest.raises(InvalidInput, match="characters"):
        check_password(password)


@pytest.mark.parametrize(
    "password",
    ["123456789012345", "passwordpassword", "Correct Horse Battery Staple", "QWERTYUIOPASDFGH", "a" * 20,
     "abcabcabcabcabc", "basekeeperpassword", "administrator123"],
)  # fmt: skip
def test_a3_the_first_to_be_guessed_are_refused_offline(password: str) -> None:
    with pytest.raises(InvalidInput, match="guessed"):
        check_password(password)


def test_a3_ones_own_names_are_no_password() -> None:
    with pytest.raises(InvalidInput, match="guessed"):
        check_password("Maren.Vogt@Example.com", "mvogt", "maren.vogt@example.com")


def test_a2_nothing_is_cut_off() -> None:
    start = "x" * 72
    stored = hash_password(start + "abcdefgh")
    assert verify_password(stored, start + "abcdefgh")
    assert not verify_password(stored, start + "Abcdefgh")
    assert not verify_password(stored, start)


def test_a2_spaces_and_letters_of_any_script_count() -> None:
    stored = hash_password(" Übung macht den Meister ✓ ")
    assert verify_password(stored, " Übung macht den Meister ✓ ")
    assert not verify_password(stored, "Übung macht den Meister ✓")


def test_a9_argon2id_at_todays_cost_with_its_own_salt() -> None:
    first, second = hash_password(GOOD), hash_password(GOOD)
    assert first != second
    cost = extract_parameters(first)
    assert cost.type.name == "ID"
    assert (cost.memory_cost, cost.time_cost, cost.parallelism) == (19456, 2, 1)
    assert extract_parameters(passwords._NOBODY) == cost
    assert len(first) <= 255


def test_a9_weaker_hashes_are_known() -> None:
    assert is_outdated(PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(GOOD))
    assert not is_outdated(hash_password(GOOD))


@pytest.mark.parametrize("stored", ["", "garbage", "$argon2id$broken"])
def test_no_password_fits_a_hash_that_is_none(stored: str) -> None:
    assert not verify_password(stored, "")
    assert not verify_password(stored, GOOD)


def test_a4_nobody_takes_as_long_as_somebody() -> None:
    stored = hash_password(GOOD)
    known, unknown = [], []
    for _ in range(40):
        known.append(_seconds(stored))
        unknown.append(_seconds(""))
    assert statistics.median(unknown) == pytest.approx(statistics.median(known), rel=0.25)


def test_whoever_finds_no_turn_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_PATIENCE", 0.05)
    with ExitStack() as held:
        while passwords._turns().acquire(blocking=False):
            held.callback(passwords._turns().release)
        with pytest.raises(TooBusy, match="at once"):
            verify_password("", GOOD)
    assert not verify_password("", GOOD)


def test_a_storm_of_sign_ins_goes_through(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_PATIENCE", 60)  # the machine may be busy with other tests
    stored = hash_password(GOOD)
    with ThreadPoolExecutor(20) as threads:
        assert all(threads.map(lambda _: verify_password(stored, GOOD), range(20)))


def _seconds(stored: str) -> float:
    began = time.perf_counter()
    verify_password(stored, "not the password at all")
    return time.perf_counter() - began
