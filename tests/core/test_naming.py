"""Names: identifiers that sort by time, and the one form in which names are stored."""

from __future__ import annotations

import re
import time

import pytest

from core.naming import fold, new_id


def test_an_identifier_is_26_plain_characters() -> None:
    assert re.fullmatch(r"[0-7][0-9a-hjkmnp-tv-z]{25}", new_id())


def test_identifiers_are_all_different() -> None:
    assert len({new_id() for _ in range(10_000)}) == 10_000


def test_identifiers_sort_by_the_millisecond_they_were_made_in(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for millisecond in (0, 1, 31, 32, 1_795_233_600_000, 1_795_233_600_001, 2**48 - 1):
        monkeypatch.setattr(time, "time_ns", lambda now=millisecond: now * 1_000_000)
        made.append(new_id())
    assert made == sorted(made)
    assert made[0].startswith("0000000000") and made[-1].startswith("7zzzzzzzzz")


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("Bob", "bob"),
        ("  bob\t", "bob"),
        ("STRASSE", "strasse"),
        ("Stra\u00dfe", "strasse"),
        ("\uff22ob", "bob"),  # full-width
        ("b\u00f3b", "b\u00f3b"),
        ("bo\u0301b", "b\u00f3b"),  # composed
        ("\ufb01sh", "fish"),  # ligature
        ("\u0130", "i\u0307"),
        ("", ""),
    ],
)
def test_a_name_has_one_stored_form(given: str, stored: str) -> None:
    """SPEC section 4: NFKC, case-folded; bob and b\u00f3b stay two."""
    assert fold(given) == stored


def test_folding_twice_changes_nothing() -> None:
    """Else a name could be stored in one form and looked up in another."""
    texts = [f"x{chr(code)}y" for code in range(0x20, 0x30000) if not 0xD800 <= code < 0xE000]
    assert [text for text in texts if fold(fold(text)) != fold(text)] == []


def test_a_megabyte_of_combining_marks_is_folded_at_once() -> None:
    """Uncut it would take minutes; cut, it is still too long for any name."""
    folded = fold("a" + "\u0301\u0316" * 500_000)
    assert 254 < len(folded) < 2_000
