"""What is exported is text to every spreadsheet."""

from __future__ import annotations

import csv
from types import SimpleNamespace

import pytest

from core.exports import export


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        (" \uff1d1+1", "' \uff1d1+1"),
        ("a;=1+1; @b", "a;'=1+1;' @b"),  # opens as three cells where lists are split at semicolons
        ('a;"=1+1', "a;'\"=1+1"),
        ("a\t=1+1\r\n=2", "a\\x09=1+1\\x0d\\x0a=2"),
        ("a-b; c", "a-b; c"),
    ],
)
def test_no_cell_is_a_formula(text: str, written: str) -> None:
    lines = "".join(export("csv", [SimpleNamespace(name=text)], ["name"])).splitlines()
    assert list(csv.reader(lines)) == [["name"], [written]]
