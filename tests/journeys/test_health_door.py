"""The health check through its real door (ARCHITECTURE section 8, third walk): codes, words and manners."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.features.relay import black_hole
from tests.journeys.tools import ROOT, Ran, run_tool
from tests.servers import Server

DOOR = "db_health_check.py"
SCHEMA = json.loads((ROOT / "docs/reference/health.schema.json").read_text())


def check(cwd: Path, *arguments: str, **settings: str) -> Ran:
    return run_tool(DOOR, *arguments, cwd=cwd, **settings)


def document(ran: Ran) -> dict[str, object]:
    """The JSON that was written, which is as the schema in the reference says."""
    found = json.loads(ran.out)
    Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(found)
    codes = {"healthy": 0, "degraded": 1, "unhealthy": 2, "error": 3}
    assert ran.code == codes[found["status"]]
    return dict(found)


def test_from_nothing_to_healthy_to_broken(server: Server, database_url: str, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": database_url}
    before = check(tmp_path, "--json", **settings)
    assert (before.code, document(before)["status"], before.err) == (2, "unhealthy", "")

    assert run_tool("manage_db.py", "init", cwd=tmp_path, **settings).code == 0
    healthy = check(tmp_path, "--json", **settings)
    assert (healthy.code, document(healthy)["status"], healthy.err) == (0, "healthy", "")

    server.execute(database_url, "DELETE FROM alembic_version")
    assert check(tmp_path, **settings).code == 1
    server.execute(database_url, "DROP TABLE user_log")
    broken = check(tmp_path, **settings)
    assert broken.code == 2
    assert broken.out.splitlines()[0] == "The database is unhealthy: tables."
    assert "user_log" in broken.out


def test_a_missing_file_is_told_and_not_made(tmp_path: Path) -> None:
    ran = check(tmp_path)
    assert ran.code == 2
    assert "python manage_db.py init" in ran.out
    assert not list(tmp_path.iterdir())


def test_the_text_has_one_line_a_check_and_hints_beneath(tmp_path: Path) -> None:
    verdict, empty, connection, hint, disk, *rest = check(tmp_path).out.splitlines()
    assert verdict == "The database is unhealthy: connection."
    assert (empty, connection.split()[:2]) == ("", ["connection", "unhealthy"])
    assert hint.strip() == "Run: python manage_db.py init"
    assert hint.index("Run") == connection.index("There is no database file")
    assert disk.split()[0] == "backup_disk"
    assert len(rest) <= 1  # the hint of a disk that is low


def test_a_black_holed_host_is_given_up_in_time(tmp_path: Path) -> None:
    with black_hole() as port:
        url = f"postgresql://user:geheim@127.0.0.1:{port}/shop"
        began = time.monotonic()
        ran = check(tmp_path, DATABASE_URL=url, DB_CONNECT_TIMEOUT="2")
        assert time.monotonic() - began < 4
    assert ran.code == 2
    assert "did not answer" in ran.out
    assert "geheim" not in ran.out + ran.err


# What keeps the check from running


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"DATABASE_URL": "oracle://user:geheim@host/shop"}, "DATABASE_URL"),
        ({"DB_CONNECT_TIMEOUT": "soon"}, "DB_CONNECT_TIMEOUT"),
    ],
)
def test_faulty_settings(settings: dict[str, str], named: str, tmp_path: Path) -> None:
    ran = check(tmp_path, **settings)
    assert (ran.code, ran.out) == (3, "")
    assert named in ran.error
    assert "geheim" not in ran.err
    assert document(check(tmp_path, "--json", **settings))["status"] == "error"


@pytest.mark.parametrize("arguments", [["--jason"], ["status"], ["--env-file"], ["-x"]])
def test_wrong_usage(arguments: list[str], tmp_path: Path) -> None:
    ran = check(tmp_path, *arguments)
    assert (ran.code, ran.out) == (3, "")
    assert "--help" in ran.error
    assert document(check(tmp_path, "--json", *arguments))["status"] == "error"


def test_a_missing_env_file(tmp_path: Path) -> None:
    ran = check(tmp_path, "--env-file", "absent.env")
    assert ran.code == 3
    assert "absent.env" in ran.error


def test_a_missing_driver(tmp_path: Path) -> None:
    (tmp_path / "psycopg2.py").write_text("raise ImportError('not here')")
    url = "postgresql://user:geheim@127.0.0.1:9/shop"
    ran = check(tmp_path, DATABASE_URL=url, PYTHONPATH=str(tmp_path))
    assert ran.code == 3
    assert "pip install" in ran.out
    assert "Traceback" not in ran.err


def test_help(tmp_path: Path) -> None:
    for option in ("-h", "--help"):
        ran = check(tmp_path, option)
        assert (ran.code, ran.err) == (0, "")
        for word in ("--json", "--env-file FILE", "--verbose", "exit codes", "DB_CONNECT_TIMEOUT"):
            assert word in ran.out


# Manners


def start(cwd: Path, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, str(ROOT / DOOR), *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


@pytest.mark.parametrize(("option", "code"), [("--json", 2), ("-v", 2), ("--help", 0)])
def test_a_reader_that_goes_away(option: str, code: int, tmp_path: Path) -> None:
    process = start(tmp_path, option)
    assert process.stdout and process.stderr
    process.stdout.close()
    assert process.wait(timeout=20) == code
    assert b"Traceback" not in process.stderr.read()
    process.stderr.close()


def test_a_report_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    with Path("/dev/full").open("wb") as full:
        run = subprocess.run(
            [sys.executable, str(ROOT / DOOR)], cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, check=False
        )
    assert run.returncode == 3
    assert run.stderr.startswith(b"Error: ")


def test_interrupted(tmp_path: Path) -> None:
    with black_hole() as port:
        process = start(tmp_path, DATABASE_URL=f"postgresql://u:p@127.0.0.1:{port}/shop")
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out, err) == (3, b"", b"Error: Stopped.\n")


@pytest.mark.parametrize(
    ("extra", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colour_on_a_terminal_only(extra: dict[str, str], coloured: bool, tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **extra}
    subprocess.run(
        [sys.executable, str(ROOT / DOOR)], cwd=tmp_path, env=environment, stdout=theirs, check=False
    )
    os.close(theirs)
    shown = os.read(ours, 65536)
    os.close(ours)
    assert (b"\x1b[31m" in shown) is coloured
    assert "\x1b" not in check(tmp_path).out


# The wrapper


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with the wrapper and what it needs, where an env file may be written."""
    (tmp_path / "scripts").mkdir()
    shutil.copy(ROOT / "scripts/health-check.sh", tmp_path / "scripts")
    (tmp_path / DOOR).symlink_to(ROOT / DOOR)
    (tmp_path / ".venv").symlink_to(sys.prefix)
    return tmp_path


def wrapper(tree: Path, *arguments: str) -> Ran:
    run = subprocess.run(
        [tree / "scripts/health-check.sh", *arguments],
        cwd="/",
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    return Ran(run.returncode, run.stdout, run.stderr)


def test_the_wrapper_picks_the_environment(tree: Path, sqlite_url: str) -> None:
    (tree / ".env.staging").write_text(f"DATABASE_URL={sqlite_url}\n")
    assert run_tool("manage_db.py", "init", cwd=tree, DATABASE_URL=sqlite_url).code == 0
    assert wrapper(tree, "staging").code == 0
    assert document(wrapper(tree, "staging", "--json"))["status"] == "healthy"


@pytest.mark.parametrize("arguments", [[], ["production"], ["../x"], ["--json"]])
def test_the_wrapper_wants_an_environment_that_is_there(tree: Path, arguments: list[str]) -> None:
    ran = wrapper(tree, *arguments)
    assert (ran.code, ran.out) == (3, "")
    assert ran.error
