"""Waiting ends in time, and names of locks fit."""

from __future__ import annotations

import time

import pytest

from database.adapters.mysql.locks import lock_name
from database.adapters.waiting import keep_trying, within


def test_within_gives_the_answer_or_the_error() -> None:
    assert within(1, lambda: 7, (OSError,)) == 7
    with pytest.raises(ConnectionResetError):
        within(1, _fail, (OSError,))


def _fail() -> None:
    raise ConnectionResetError


def test_within_ends_in_time() -> None:
    began = time.monotonic()
    with pytest.raises(TimeoutError):
        within(0.2, lambda: time.sleep(3), (OSError,))
    assert time.monotonic() - began < 2.9


def test_keep_trying_tries_once_without_patience() -> None:
    answers = iter([False])
    assert not keep_trying(0, lambda: next(answers))
    assert list(answers) == []


def test_keep_trying_ends_when_it_worked() -> None:
    answers = iter([False, False, True])
    assert keep_trying(5, lambda: next(answers))


def test_the_name_of_a_lock_fits_and_stays_apart() -> None:
    """GET_LOCK takes 64 characters and has one name space for the whole server."""
    names = {lock_name(database, name) for database in ("a", "b", "x" * 64) for name in ("s", "y" * 64)}
    assert len(names) == 6
    assert all(len(name) <= 64 for name in names)
