"""Ctrl-C and SIGTERM while a command works: it ends soon, says so in one line, and with exit code 1."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from core.connection import parse_url
from database.files import make_database_file
from database.schema_lock import schema_lock
from tests.features.relay import black_hole
from tests.journeys.tools import ROOT, Ran, run_tool


def wait_for_lock(url: str, cwd: Path, number: int) -> Ran:
    """`init`, which waits for a lock that is held here, is sent the signal once it has begun."""
    process = subprocess.Popen(
        [sys.executable, str(ROOT / "manage_db.py"), "init"],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr
    first = process.stderr.readline()
    assert "Initialise" in first
    time.sleep(0.5)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)  # it would wait for half a minute
    return Ran(process.returncode, out, first + err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_command_that_waits_is_cancelled(number: int, database_url: str, tmp_path: Path) -> None:
    database = parse_url(database_url)
    make_database_file(database)
    with schema_lock(database, 1):
        ran = wait_for_lock(database_url, tmp_path, number)
    assert (ran.code, ran.out) == (1, "")
    assert ran.error.endswith(" was cancelled. What was done until then stays. Run it again to go on.")
    assert ran.err.splitlines()[-2].endswith(" Cancelled")
    again = run_tool("manage_db.py", "init", cwd=tmp_path, DATABASE_URL=database_url)
    assert again.code == 0, again.err


def test_sigterm_outside_an_operation(tmp_path: Path) -> None:
    """A database that does not answer: `status` waits, and leaves with one line."""
    with black_hole() as port:
        url = f"mysql://u:p@127.0.0.1:{port}/shop"
        process = subprocess.Popen(
            [sys.executable, str(ROOT / "manage_db.py"), "status", "-v"],
            cwd=tmp_path,
            env={"PATH": os.environ["PATH"], "DATABASE_URL": url},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr and "connecting" in process.stderr.readline()
        time.sleep(0.5)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert err.splitlines()[-1] == "Error: Stopped."
