"""What a person at a terminal is shown and asked."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.journeys.terminal import run_on_terminal
from tests.journeys.tools import run_tool


@pytest.fixture
def shop(tmp_path: Path) -> dict[str, str]:
    """The settings of a database named shop that has the schema."""
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}"}
    assert run_tool("manage_db.py", "init", cwd=tmp_path, **settings).code == 0
    return settings


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1), ("", 1)])
def test_what_destroys_asks(answer: str, code: int, shop: dict[str, str], tmp_path: Path) -> None:
    ran = run_on_terminal("manage_db.py", "drop", cwd=tmp_path, typed=f"{answer}\n", **shop)
    assert ran.code == code, ran.out
    assert "of shop with" in ran.out or "Dropping shop with" in ran.out
    assert ("Nothing was changed." in ran.out) is bool(code)


@pytest.mark.parametrize("flags", [(), ("--confirm",)])
@pytest.mark.parametrize(("name", "code"), [("shop", 0), ("y", 1), ("", 1)])
def test_in_production_the_name_is_typed(
    name: str, code: int, flags: tuple[str, ...], shop: dict[str, str], tmp_path: Path
) -> None:
    production = shop | {"FLASK_ENV": "production"}
    ran = run_on_terminal("manage_db.py", "drop", *flags, cwd=tmp_path, typed=f"{name}\n", **production)
    assert ran.code == code, ran.out
    assert "Type the name of the database to go on" in ran.out
    assert ("Nothing was changed." in ran.out) is bool(code)


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 1)])
def test_a_restore_shows_its_plan_and_asks(
    answer: str, code: int, shop: dict[str, str], tmp_path: Path
) -> None:
    made = run_tool("manage_db.py", "backup", "--verify", "stored", cwd=tmp_path, **shop)
    assert made.code == 0, made.err
    name = made.out.split()[0]
    ran = run_on_terminal("manage_db.py", "restore", name, cwd=tmp_path, typed=f"{answer}\n", **shop)
    assert ran.code == code, ran.out
    assert ran.out.index("Back up what is there now") < ran.out.index(f"Replacing shop with {name}, losing ")
    assert ("Nothing was changed." in ran.out) is bool(code)


def test_a_phase_of_unknown_length_shows_no_numbers(shop: dict[str, str], tmp_path: Path) -> None:
    ran = run_on_terminal("manage_db.py", "init", cwd=tmp_path, **(shop | {"TERM": "xterm"}))
    assert ran.code == 0, ran.out
    assert "/?" not in ran.out
    assert "0:00:00" not in ran.out


def test_verbose_shows_a_traceback_of_many_lines(shop: dict[str, str], tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "shop.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = 'ffffffffffff'")
    at_terminal = run_on_terminal("manage_db.py", "status", "-v", cwd=tmp_path, **shop).out
    assert "\nTraceback (most recent call last):\n  File " in at_terminal
    assert "\\x0a" not in at_terminal
    in_a_file = run_tool("manage_db.py", "status", "-v", cwd=tmp_path, **shop).err
    assert "Traceback (most recent call last):\\x0a  File " in in_a_file
