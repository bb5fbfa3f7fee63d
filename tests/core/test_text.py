"""Words for numbers, and hostile text made harmless (TRUST W2, L3)."""

from __future__ import annotations

import pytest

from core.text import duration, plural, size, visible

# Wide, narrow and unbreakable ones: they only take room.
SPACES = set(map(chr, (0xA0, 0x1680, *range(0x2000, 0x200B), 0x202F, 0x205F)))


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain b\u00f3b \U0001f4da", "plain b\u00f3b \U0001f4da"),
        ("a\nb\r\tc", r"a\x0ab\x0d\x09c"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x00\x7f\x9b", r"\x00\x7f\x9b"),
        ("\u202etxt.exe", r"\u202etxt.exe"),  # right-to-left override
        ("a\u200bb\u2066c", r"a\u200bb\u2066c"),  # zero width, isolate
        ("a\u2028b\u2029c", r"a\u2028b\u2029c"),  # line separators
        ("\ud800", r"\ud800"),  # half a pair
        ("\U000e0041", r"\U000e0041"),  # tag
        ("\ue000", r"\ue000"),  # private use
        ("", ""),
    ],
)
def test_what_could_deceive_is_written_as_an_escape(hostile: str, shown: str) -> None:
    assert visible(hostile) == shown


def test_nothing_shown_can_end_a_line_or_reach_the_terminal() -> None:
    shown = visible("".join(map(chr, range(0x3000))))
    assert len(shown.splitlines()) == 1
    assert {char for char in shown if not char.isprintable()} <= SPACES


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (1_234_567, "1.2 MB"),
        (5_000_000_000, "5.0 GB"),
        (7 * 10**15, "7.0 PB"),
        (7 * 10**18, "7000.0 PB"),
    ],
)
def test_bytes_as_people_read_them(count: int, shown: str) -> None:
    assert size(count) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.0, "under 1 ms"),
        (0.0009, "under 1 ms"),
        (0.0124, "12 ms"),
        (1, "1.0 s"),
        (59.94, "59.9 s"),
        (171, "2 min 51 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (131_520, "36 h 32 min"),
    ],
)
def test_durations_as_people_read_them(seconds: float, shown: str) -> None:
    assert duration(seconds) == shown


@pytest.mark.parametrize("seconds", [0.9996, 59.96, 59.999, 3599.7])
def test_a_duration_never_shows_a_full_unit_of_the_next(seconds: float) -> None:
    """No "1000 ms", no "60.0 s", no "60 min"."""
    shown = duration(seconds)
    assert not shown.startswith(("1000 ms", "60.0 s", "60 min"))


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        ((1, "table"), "1 table"),
        ((0, "table"), "0 tables"),
        ((3503, "row"), "3,503 rows"),
        ((1, "index"), "1 index"),
        ((2, "index"), "2 indexes"),
        ((14, "foreign key"), "14 foreign keys"),
        ((2, "entry"), "2 entries"),
    ],
)
def test_counted_words(words: tuple[int, str], shown: str) -> None:
    assert plural(*words) == shown
