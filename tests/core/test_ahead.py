"""The next piece is made while the one before is used, in order, and what fails is raised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from threading import Event

import pytest

from core.ahead import ahead


def test_pieces_come_in_their_order() -> None:
    assert list(ahead(partial(pow, number, 2) for number in range(5))) == [0, 1, 4, 9, 16]
    assert list(ahead(())) == []


def test_the_next_is_made_while_one_is_used_and_the_one_after_is_not_begun() -> None:
    second, third = Event(), Event()

    def calls() -> Iterator[Callable[[], object]]:
        yield lambda: "first"
        yield second.set
        yield third.set

    pieces = ahead(calls())
    assert next(pieces) == "first"
    assert second.wait(10) and not third.is_set()
    pieces.close()
    assert not third.is_set()


def test_what_a_piece_raises_is_raised_in_its_turn() -> None:
    def fail() -> int:
        raise ValueError("no such piece")

    pieces = ahead([lambda: 1, fail])
    assert next(pieces) == 1
    with pytest.raises(ValueError, match="no such piece"):
        next(pieces)
