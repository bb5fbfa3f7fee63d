"""An error in one line: what happened, then what to do."""

from __future__ import annotations

import pytest

from core.errors import AppError, SignInRefused


@pytest.mark.parametrize(
    ("message", "hint", "line"),
    [
        ("It is full.", "Empty it.", "It is full. Empty it."),
        ("It is full", "Empty it.", "It is full. Empty it."),
        ("Is it full?", "Empty it.", "Is it full? Empty it."),
        ("It is full", "", "It is full"),
    ],
)
def test_a_full_stop_stands_between(message: str, hint: str, line: str) -> None:
    assert str(AppError(message, hint=hint)) == line


def test_the_hint_of_the_kind_is_the_default() -> None:
    assert str(SignInRefused("No")) == "No. Check the user and the password."
