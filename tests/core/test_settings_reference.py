"""`.env.example` and docs/reference/settings.md list every setting with its default and its line of help, and
nothing else; and every variable listed is really read."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.variables import VARIABLES, Variable

ROOT = Path(__file__).parents[2]
ROW = re.compile(r"^\| `(\w+)`( \*secret\*)? \| (.*?) \| (.*) \|$", re.M)
ENTRY = re.compile(r"^# (.*)\n#(\w+)=(.*)$", re.M)


def test_the_reference_lists_every_setting() -> None:
    page = (ROOT / "docs" / "reference" / "settings.md").read_text(encoding="utf-8")
    found = [match.groups(default="") for match in ROW.finditer(page)]
    assert found == [
        (one.name, " *secret*" if one.secret else "", in_a_cell(one), one.help) for one in VARIABLES
    ]


def test_the_example_lists_every_setting() -> None:
    example = (ROOT / ".env.example").read_text(encoding="utf-8")
    found = [match.groups() for match in ENTRY.finditer(example)]
    assert found == [(in_a_comment(one), one.name, one.default) for one in VARIABLES]


def test_the_example_sets_nothing_as_it_stands() -> None:
    lines = (ROOT / ".env.example").read_text(encoding="utf-8").splitlines()
    assert all(not line or line.startswith("#") for line in lines)


def test_a_line_of_help_is_one_line_that_ends_with_a_full_stop() -> None:
    assert not [one.name for one in VARIABLES if "\n" in one.help or not re.fullmatch(r"[A-Z].*\.", one.help)]


@pytest.mark.parametrize("variable", VARIABLES, ids=lambda one: one.name)
def test_every_variable_listed_is_read(variable: Variable[Any], refusal: Callable[..., str]) -> None:
    """A value that cannot be taken is told by the variable's name."""
    wrong = {f"{variable.name}_FILE": "missing"} if variable.secret else {variable.name: "\x01,/"}
    in_parts = {"DB_USER": "u", "DB_NAME": "d"} if variable.name.startswith("DB_") else {}
    assert variable.name in refusal(None, **(in_parts | wrong))


def in_a_cell(variable: Variable[Any]) -> str:
    default = f"`{variable.default}`" if variable.default else ""
    return f"{default}; `{variable.development}` in development" if variable.development else default


def in_a_comment(variable: Variable[Any]) -> str:
    return variable.help + (f" In development {variable.development}." if variable.development else "")
