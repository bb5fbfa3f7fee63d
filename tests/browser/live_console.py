"""A console served by a process of its own, as a user starts it."""

from __future__ import annotations

import os
import re
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from tests.journeys.tools import run_tool
from tests.servers.process import free_port

ROOT = Path(__file__).parents[2]
APP = ROOT / "app.py"
DOOR = ROOT / "tests/browser/door.py"  # the same, with the features of the tests
_LINK = re.compile(r"^http://127\.0\.0\.1:\d+/first-admin/[\w-]{43}$", re.M)
_PATIENCE = 60


@dataclass(frozen=True)
class LiveConsole:
    """A console that answers at `address` and runs in `folder`; `environment` is what it was started with."""

    address: str
    folder: Path
    environment: dict[str, str]

    @property
    def printed(self) -> str:
        """What it has written to the terminal so far."""
        return (self.folder / "printed").read_text()

    @property
    def link(self) -> str:
        """The one-time link of the first admin, which it prints as it starts."""
        return str(_LINK.findall(self.printed)[0])

    @property
    def env_file(self) -> Path:
        """Its settings, for a feature that works on the same database."""
        return self.folder / "settings"

    def manage(self, *arguments: str) -> str:
        """What `python manage_db.py ARGUMENTS` prints, in another process. Raises AssertionError with what it
        says when it fails."""
        settings = {name: value for name, value in self.environment.items() if name != "PYTHONPATH"}
        ran = run_tool("manage_db.py", *arguments, cwd=self.folder, **settings)
        assert ran.code == 0, ran.err
        return ran.out

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """The same, under way."""
        return subprocess.Popen(
            [sys.executable, str(ROOT / "manage_db.py"), *arguments], cwd=self.folder, env=self.environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip


@contextmanager
def live_console(door: Path, folder: Path, database_url: str, **more: str) -> Iterator[LiveConsole]:
    """A console on `database_url`, with `more` settings, which ends with the context. Raises AssertionError
    with what it said when it does not start."""
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "SECRET_KEY": secrets.token_hex(32),
        "CREDENTIALS_KEY": secrets.token_hex(32),
        "DATABASE_URL": database_url,
        "PORT": str(free_port()),
        **more,
    }
    around = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), "LOGNAME": "deploy"}
    console = LiveConsole(f"http://127.0.0.1:{settings['PORT']}", folder, around | settings)
    console.env_file.write_text("".join(f"{name}='{value}'\n" for name, value in settings.items()))
    with (folder / "printed").open("w") as printed:
        process = subprocess.Popen(
            [sys.executable, str(door)], cwd=folder, env=console.environment,
            stdin=subprocess.DEVNULL, stdout=printed, stderr=printed,
        )  # fmt: skip
    try:
        _wait(console, process)
        yield console
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(_PATIENCE)


def _wait(console: LiveConsole, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{console.address}/readyz", timeout=5):
                return
        except (URLError, OSError):
            time.sleep(0.05)
    raise AssertionError(console.printed)
