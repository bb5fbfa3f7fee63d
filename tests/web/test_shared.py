"""One look serves those who ask at the same time, and nobody twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from threading import Event

import pytest

from core.errors import ServerError
from web.shared import Shared


def counting() -> Callable[[], int]:
    """A look that gives 1, then 2 and so on."""
    return count(1).__next__


def test_readers_at_the_same_time_are_given_one_look() -> None:
    shared, look = Shared[int](), counting()
    assert [shared.read("a", reader, look, 60) for reader in ("ines", "maren", "tom")] == [1, 1, 1]


def test_nobody_is_given_the_same_look_twice() -> None:
    shared, look = Shared[int](), counting()
    readers = ("ines", "ines", "maren", "maren")
    assert [shared.read("a", reader, look, 60) for reader in readers] == [1, 2, 2, 3]


def held(look: Callable[[], int], begun: Event, go: Event) -> Callable[[], int]:
    """A look that says when it has begun, and ends when it may."""

    def slow() -> int:
        begun.set()
        assert go.wait(60)
        return look()

    return slow


def test_each_key_has_its_own_and_an_old_look_is_given_to_nobody() -> None:
    shared, look = Shared[int](), counting()
    assert [shared.read(key, key, look, 60) for key in ("a", "b")] == [1, 2]
    assert shared.read("a", "other", look, 0) == 3


def test_who_comes_while_it_is_looked_for_waits_for_it() -> None:
    shared, look, begun, go = Shared[int](), counting(), Event(), Event()
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(shared.read, "a", "ines", held(look, begun, go), 60)
        assert begun.wait(60)
        second = pool.submit(shared.read, "a", "maren", look, 60)
        go.set()
        assert (first.result(10), second.result(10)) == (1, 1)


def test_nobody_waits_for_a_new_look_while_the_last_one_will_do() -> None:
    shared, look, begun, go = Shared[int](), counting(), Event(), Event()
    assert shared.read("a", "ines", look, 60) == 1
    with ThreadPoolExecutor(1) as pool:
        again = pool.submit(shared.read, "a", "ines", held(look, begun, go), 60)
        assert begun.wait(60)
        assert shared.read("a", "maren", look, 60) == 1  # the look under way has not been let go on
        go.set()
        assert again.result(10) == 2


def test_a_look_that_fails_is_kept_for_nobody() -> None:
    shared = Shared[int]()

    def fail() -> int:
        raise ServerError("gone")

    with pytest.raises(ServerError):
        shared.read("a", "ines", fail, 60)
    assert shared.read("a", "maren", lambda: 7, 60) == 7
