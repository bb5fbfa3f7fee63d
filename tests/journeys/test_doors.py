"""The doors themselves: no command, no package, no room for the output, a word too few."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.journeys.tools import ROOT, Ran, run_tool

DOORS = ("manage_db.py", "migrate.py")


@pytest.mark.parametrize("door", DOORS)
def test_without_a_command_the_help_is_shown(door: str, tmp_path: Path) -> None:
    ran = run_tool(door, cwd=tmp_path)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"Usage: {door} [OPTIONS] COMMAND")
    assert "\nCommands:\n" in ran.err
    assert "Error" not in ran.err


@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize(("package", "command"), [("click", "status"), ("sqlalchemy", "history")])
def test_a_package_that_is_not_installed(door: str, package: str, command: str, tmp_path: Path) -> None:
    (tmp_path / package).mkdir()
    (tmp_path / package / "__init__.py").write_text(f"raise ModuleNotFoundError(name={package!r})")
    if door == "manage_db.py" and package == "sqlalchemy":
        command = "init"
    ran = run_tool(door, command, cwd=tmp_path, PYTHONPATH=str(tmp_path))
    assert (ran.code, ran.out) == (1, "")
    mend = "Run scripts/run once, then use .venv/bin/python."
    assert ran.error == f"Error: {package} is not installed. {mend}"


def into_full_device(cwd: Path, *command: str) -> Ran:
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, str(ROOT / command[0]), *command[1:]],
            cwd=cwd,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    return Ran(run.returncode, "", run.stderr)


@pytest.mark.parametrize(
    ("command", "code"),
    [(("manage_db.py", "dsn"), 1), (("migrate.py", "--help"), 1), (("db_health_check.py",), 3)],
)
def test_output_that_cannot_be_written(command: tuple[str, ...], code: int, tmp_path: Path) -> None:
    ran = into_full_device(tmp_path, *command)
    assert ran.code == code
    assert ran.err == "Error: The output cannot be written: no space left on device.\n"


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        (("init", "--confirm-name"), "manage_db.py init"),
        (("init", "--forse"), "manage_db.py init"),
        (("--env-file",), "manage_db.py"),
    ],
)
def test_the_hint_names_the_help_of_the_command(
    arguments: tuple[str, ...], path: str, tmp_path: Path
) -> None:
    ran = run_tool("manage_db.py", *arguments, cwd=tmp_path)
    assert ran.code == 2
    assert ran.error.endswith(f". Try: {path} --help") or ran.error.endswith(f"? Try: {path} --help")
