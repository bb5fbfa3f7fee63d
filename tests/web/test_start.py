"""Starting the console: quiet imports, one link however many workers, clear refusals (TRUST A1, F11, W9)."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from tests.rounds import ROUNDS

ROOT = Path(__file__).parents[2]
LINK = re.compile(r"^http://127\.0\.0\.1:\d+/first-admin/[\w-]{43}$", re.M)
DOORS = {"app.py": [sys.executable, str(ROOT / "app.py")]}
DOORS["gunicorn"] = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py")]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(folder: Path, **settings: str) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "SECRET_KEY": secrets.token_hex(32),
        **settings,
    }


@contextmanager
def serving(door: str, folder: Path, **settings: str) -> Iterator[tuple[str, Path]]:
    """The console served by a process of its own: its address, and the file of what it prints."""
    port, printed = free_port(), folder / "printed"
    with printed.open("w") as output:
        process = subprocess.Popen(
            DOORS[door],
            cwd=folder,
            env=environment(folder, PORT=str(port), **settings),
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        address = f"http://127.0.0.1:{port}"
        _wait(address, process, printed)
        yield address, printed
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes], printed: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{address}/readyz", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(printed.read_text())


def test_importing_the_door_reads_no_settings_and_opens_nothing(tmp_path: Path) -> None:
    code = "from app import create_app; import app; assert 'app' not in vars(app); print('quiet')"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment(tmp_path, DATABASE_URL="not a url"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "quiet\n", "")


@pytest.mark.parametrize("door", list(DOORS))
def test_the_console_starts_and_prints_one_link(door: str, tmp_path: Path, sqlite_url: str) -> None:
    with serving(door, tmp_path, DATABASE_URL=sqlite_url, LOG_FILE=str(tmp_path / "log")) as (
        address,
        printed,
    ):
        links = LINK.findall(printed.read_text())
        assert len(links) == 1
        with urlopen(links[0], timeout=10) as page:
            assert "Create the first admin" in page.read().decode()
        assert links[0].startswith(address)
        token = links[0].rpartition("/")[2]
    assert printed.read_text().count(token) == 1  # the request for it was written nowhere
    assert not (tmp_path / "log").exists() or token not in (tmp_path / "log").read_text()


@pytest.mark.rounds
@pytest.mark.parametrize("_round", range(ROUNDS))
def test_eight_workers_on_an_empty_database_print_one_link(
    tmp_path: Path, database_url: str, _round: int
) -> None:
    with serving("gunicorn", tmp_path, DATABASE_URL=database_url, WORKERS="8") as (_, printed):
        deadline = time.monotonic() + 60
        while printed.read_text().count("Booting worker") < 8 and time.monotonic() < deadline:
            time.sleep(0.1)
        time.sleep(2)  # the last of them has still to look
    said = printed.read_text()
    assert len(LINK.findall(said)) == 1, said
    assert "Traceback" not in said and "Error" not in said, said


def test_a_restart_prints_a_new_link(tmp_path: Path, sqlite_url: str) -> None:
    links = []
    for _ in range(2):
        with serving("gunicorn", tmp_path, DATABASE_URL=sqlite_url) as (_, printed):
            links += LINK.findall(printed.read_text())
    assert len(set(links)) == 2


def test_a_port_in_use_ends_the_start_and_no_link(tmp_path: Path, sqlite_url: str) -> None:
    with serving("app.py", tmp_path, DATABASE_URL=sqlite_url) as (address, printed):
        second = subprocess.run(
            DOORS["app.py"],
            cwd=tmp_path,
            env=environment(tmp_path, DATABASE_URL=sqlite_url, PORT=address.rpartition(":")[2]),
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert (second.returncode, second.stderr.count("\n")) == (2, 1), second.stderr
        assert "address already in use" in second.stderr
        with urlopen(LINK.findall(printed.read_text())[0], timeout=10) as page:
            assert page.status == 200


@pytest.mark.parametrize("door", list(DOORS))
@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"FLASK_ENV": "production", "SECRET_KEY": ""}, "SECRET_KEY"),
        ({"DATABASE_URL": "not a url"}, "DATABASE_URL"),
        ({"FLASK_DEBUG": "1", "HOST": "0.0.0.0"}, "FLASK_DEBUG"),
    ],
)
def test_it_refuses_to_start_in_one_line(
    door: str, settings: dict[str, str], named: str, tmp_path: Path, sqlite_url: str
) -> None:
    whole = {"DATABASE_URL": sqlite_url, "PORT": str(free_port()), "WORKERS": "1", **settings}
    run = subprocess.run(
        DOORS[door],
        cwd=tmp_path,
        env=environment(tmp_path, **whole),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode != 0
    lines = [line for line in run.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == 1 and named in lines[0], run.stderr
    assert "Traceback" not in run.stderr
