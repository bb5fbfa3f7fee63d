"""What the log tells of an unexpected error."""

from __future__ import annotations

from operations.traces import describe


def raised(error: Exception, cause: Exception | None = None) -> Exception:
    try:
        raise error from cause
    except type(error) as caught:
        return caught


def test_the_causes_are_told_first_with_their_frames() -> None:
    story = describe(raised(RuntimeError("second"), raised(KeyError("first"))))
    first, second = story.split("\nwhich led to\n")
    assert first.endswith("KeyError: 'first'") and second.endswith("RuntimeError: second")
    assert "in raised" in first and "in raised" in second


def test_a_circle_of_causes_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__context__, two.__context__ = two, one
    assert describe(one).count("which led to") == 1
