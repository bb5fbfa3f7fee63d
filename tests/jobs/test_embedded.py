"""The worker beside the server: in its process with `python app.py`, as its twin in production."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest

from core.settings import Settings, load_settings
from operations.audit_chain import verify_audit
from operations.runner import Runner
from tests.jobs.working import ROOT, wait_for_ends, wait_for_words
from tests.operations.support import ADMIN, rows
from tests.servers.process import free_port

# What scripts/run --production starts, without the installing before it.
TOGETHER = f"""
cd {ROOT}; . scripts/environment.sh
run_together "$PYTHON" -m gunicorn -c gunicorn.conf.py -- "$PYTHON" manage_db.py worker
"""
DOORS = {
    "app.py": [sys.executable, str(ROOT / "app.py")],
    "production": ["bash", "-euo", "pipefail", "-c", TOGETHER],
}
SOON = 5.0  # seconds from the ring to the end of a short operation


@contextmanager
def console(door: str, folder: Path, url: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The console that answers, and the file of what it says; told to end in the end if it still runs."""
    port, said = free_port(), folder / "said"
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "PYTHON": sys.executable,
        "SECRET_KEY": secrets.token_hex(32), "DATABASE_URL": url, "PORT": str(port), "WORKERS": "1",
    }  # fmt: skip
    with said.open("wb") as output:
        process = subprocess.Popen(
            DOORS[door], cwd=folder, env=environment, stdout=output, stderr=output, start_new_session=True
        )
    try:
        _wait(f"http://127.0.0.1:{port}/readyz", process, said)
        yield process, said
    finally:
        process.terminate()
        process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes], said: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(address, timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(said.read_text())


@pytest.fixture
def settings(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """The settings of the console that is started."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    return load_settings()


@pytest.mark.parametrize("door", list(DOORS))
def test_the_console_performs_what_is_queued_and_ends_when_told(
    door: str, settings: Settings, tmp_path: Path
) -> None:
    with console(door, tmp_path, str(settings.database)) as (process, said):
        id = Runner(ADMIN, settings).submit(verify_audit)
        wait_for_ends(settings, [id], SOON)
        process.terminate()
        assert process.wait(30) == 0, said.read_text()
        assert "Traceback" not in said.read_text()


def test_the_first_progress_is_seen_within_a_second(settings: Settings, tmp_path: Path) -> None:
    """The row says it, five seconds being allowed here for a machine that is busy with other tests."""
    with console("app.py", tmp_path, str(settings.database)):
        began = time.monotonic()
        id = Runner(ADMIN, settings).submit(verify_audit)
        while not rows(settings, f"SELECT 1 FROM operation WHERE id = '{id}' AND phase <> ''"):
            assert time.monotonic() - began < SOON


@pytest.mark.parametrize("killed", ["gunicorn", "manage_db.py worker"])
def test_when_one_of_the_two_is_killed_the_other_ends(
    killed: str, settings: Settings, tmp_path: Path
) -> None:
    with console("production", tmp_path, str(settings.database)) as (process, said):
        wait_for_words(process, said, "rings by")
        children = _children(process.pid)
        assert sorted(children) == ["gunicorn", "manage_db.py worker"]
        os.kill(children[killed], signal.SIGKILL)
        assert process.wait(30) == 128 + signal.SIGKILL
        assert not [name for name, pid in children.items() if Path(f"/proc/{pid}").exists()]


def test_nothing_starts_on_faulty_settings(settings: Settings, tmp_path: Path) -> None:
    """scripts/run beside a .venv that has everything: production without SECRET_KEY is one line."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    folder = tmp_path / ".venv" / "bin"
    folder.mkdir(parents=True)
    for program, words in (("python", ""), ("gunicorn", "-m gunicorn")):
        (folder / program).write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n')
        (folder / program).chmod(0o755)
    installed = "cat requirements.txt requirements.txt | cksum >.venv/installed-requirements.txt"
    subprocess.run(["bash", "-c", installed], cwd=tmp_path, check=True)
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [tmp_path / "scripts" / "run", "--production"],
        env={**environment, "DATABASE_URL": str(settings.database)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.returncode, run.stdout, run.stderr.count("\n")) == (2, "", 1), run.stderr
    assert run.stderr.startswith("Error: SECRET_KEY is not set")


def _children(pid: int) -> dict[str, int]:
    found = {}
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        words = Path(f"/proc/{child}/cmdline").read_text().split("\0")
        if "gunicorn" in words:
            found["gunicorn"] = int(child)
        elif "worker" in words:
            found["manage_db.py worker"] = int(child)
    return found
