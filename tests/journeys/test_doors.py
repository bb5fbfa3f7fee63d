"""The doors themselves: no command, no package, no room for the output, a word too few."""

from __future__ import annotations

import os
import re
import signal
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


@pytest.mark.parametrize("command", [("manage_db.py", "dsn"), ("migrate.py", "migrate", "--help")])
def test_a_reader_that_goes_away(command: tuple[str, ...], tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    with os.fdopen(theirs, "w") as end:
        run = subprocess.run(
            [sys.executable, str(ROOT / command[0]), *command[1:]],
            cwd=tmp_path,
            stdout=end,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert (run.returncode, run.stderr) == (128 + signal.SIGPIPE, b"")


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


@pytest.mark.parametrize(
    ("door", "command"),
    [
        ("manage_db.py", "init"),
        ("manage_db.py", "init --force"),
        ("manage_db.py", "reset --confirm"),
        ("manage_db.py", "drop --confirm"),
        ("manage_db.py", "status"),
        ("manage_db.py", "verify"),
        ("manage_db.py", "sample-data"),
        ("manage_db.py", "create-tables"),
        ("manage_db.py", "create-admin mvogt maren@example.com"),
        ("migrate.py", "migrate"),
        ("migrate.py", "init"),
        ("migrate.py", "history"),
    ],
)
def test_a_database_in_memory_is_refused(door: str, command: str, tmp_path: Path) -> None:
    ran = run_tool(door, *command.split(), cwd=tmp_path, DATABASE_URL="sqlite:///:memory:")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "Error: A database in memory ends with the command. Name a file: DATABASE_URL=sqlite:///FILE.db\n"
    )


def test_verbose_status_tells_the_connection_and_the_time(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}"}
    run_tool("manage_db.py", "init", cwd=tmp_path, **settings)
    ran = run_tool("manage_db.py", "status", "-v", cwd=tmp_path, **settings)
    assert f"connecting to sqlite:///{tmp_path}/shop.db" in ran.err
    assert re.search(r"answered in [\d.]+ ms", ran.err)
    assert re.search(r"revision \w{12}, 0 pending", ran.err)
    assert run_tool("manage_db.py", "status", cwd=tmp_path, **settings).err == ""


def test_an_admin_is_checked_before_anything_is_recorded(tmp_path: Path) -> None:
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}"}
    run_tool("manage_db.py", "init", cwd=tmp_path, **settings)
    ran = run_tool("manage_db.py", "create-admin", "A B", "nope", cwd=tmp_path, **settings)
    assert ran.code == 2
    assert ran.err.startswith("Error: Username: 3 to 80 letters")
    assert ran.err.count("\n") == 1
    assert "Email: An email address looks like name@example.com." in ran.err
    made = run_tool("manage_db.py", "create-admin", "MVogt", "m@example.com", cwd=tmp_path, **settings)
    assert made.out.startswith("mvogt is an admin.")


@pytest.mark.parametrize("door", DOORS)
def test_the_help_fits_and_teaches(door: str, tmp_path: Path) -> None:
    shown = run_tool(door, "--help", cwd=tmp_path, COLUMNS="80").out
    assert "..." not in shown.partition("Commands:")[2]
    assert shown.count(f"  python {door} ") >= 2
    for command in re.findall(r"^  ([a-z-]+) {2,}\S", shown.partition("Commands:")[2], re.M):
        told = run_tool(door, command, "--help", cwd=tmp_path, COLUMNS="80")
        assert told.code == 0
        if command in ("init", "migrate"):
            assert told.out.count(f"  python {door} {command}") >= 2
