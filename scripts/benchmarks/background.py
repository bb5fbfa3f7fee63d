"""Work in the background: what twenty people who watch it cost, themselves and the work, and how soon it
begins. The console is served as for production, by gunicorn with a worker beside it."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from urllib.request import urlopen

from core.actor import Actor, Role
from core.clock import utc_now
from core.settings import Settings, load_settings
from features.login_sessions import Browser, open_session
from features.users import NewUser, create_first_admin, issue_first_admin_link
from operations.contexts import context
from operations.runner import Runner
from operations.store import OperationRow, read_operation
from scripts.benchmarks.background_work import write_rows
from scripts.benchmarks.comparison import Result
from scripts.benchmarks.databases import initialized
from scripts.benchmarks.viewers import Page, Viewer, idle, watching
from tests.servers.process import free_port

VIEWERS = 20
DASHBOARD_PACE = 5.0  # seconds between two looks of one viewer
PANEL_PACE = 1.0  # seconds, as the page itself does
BATCHES = 4000  # about a quarter of a minute
ROUNDS = 3
WORK = "scripts.benchmarks.background_work"
_ACTOR = Actor("bench", Role.ADMIN, "cli")


@dataclass(frozen=True)
class _Console:
    """A console that serves and works, and the people who are signed in to it."""

    settings: Settings
    address: str
    viewers: list[Viewer]

    def begin(self, name: str, batches: int = BATCHES) -> str:
        """Queue the work on `name`; gives the operation's id."""
        with context(self.settings):
            return Runner(_ACTOR, self.settings).submit(write_rows, name, batches)

    def wait(self, id: str, reached: Callable[[OperationRow], bool], pace: float) -> OperationRow:
        """The row once `reached` is true of it, looked at every `pace` seconds."""
        with context(self.settings):
            while not reached(row := read_operation(id)):
                time.sleep(pace)
            return row

    def end(self, id: str) -> float:
        """The seconds that the operation took, by its row. Raises RuntimeError when it failed."""
        # Seldom: the row itself says when it ended, and these looks take turns with those of the viewers.
        row = self.wait(id, lambda row: row.finished_at is not None, pace=0.5)
        if row.state != "succeeded" or row.seconds is None:
            raise RuntimeError(f"{row.title}: {row.state}. {row.error_message}")
        return row.seconds


def comparisons() -> Iterator[Result]:
    """Pages while an operation runs against the same pages idle, the operation watched against unwatched, and
    the seconds from its submission to its first progress against one second."""
    with initialized("postgresql") as url, _console(url) as console:
        yield from _watched(console)
    with initialized("sqlite") as url, _console(url) as console:
        seconds = tuple(_first_progress(console))
        yield Result("first progress after submit / 1 s", 1.0, seconds, 1000.0, median(seconds) * 1000)


def _watched(console: _Console) -> Iterator[Result]:
    last = console.begin("warm")
    console.end(last)
    quiet = idle(console.viewers[0], "/"), idle(console.viewers[0], f"/operations/{last}/panel")
    dashboard, panels = Page("/", DASHBOARD_PACE), []
    watched, unwatched = [], []
    for number in range(ROUNDS):
        unwatched.append(console.end(console.begin(f"unwatched{number}")))
        id = console.begin(f"watched{number}")
        panels.append(Page(f"/operations/{id}/panel", PANEL_PACE))
        with watching(console.viewers, dashboard, panels[-1]):
            watched.append(console.end(id))
    yield _p95("dashboard p95, 20 watch / idle", quiet[0], dashboard.seconds)
    yield _p95("panel p95, 20 watch / idle", quiet[1], [one for panel in panels for one in panel.seconds])
    ratios = tuple(one / other for one, other in zip(watched, unwatched, strict=True))
    base, ours = median(unwatched) * 1000, median(watched) * 1000
    yield Result("operation, 20 watch / unwatched", 1.1, ratios, base, ours)


def _first_progress(console: _Console) -> Iterator[float]:
    for number in range(10):
        began = time.perf_counter()
        id = console.begin(f"first{number}", batches=50)
        console.wait(id, lambda row: row.done > 0, pace=0.01)
        yield time.perf_counter() - began
        console.end(id)


def _p95(name: str, quiet: list[float], busy: list[float]) -> Result:
    base, ours = median(quiet), quantiles(busy, n=20)[-1]
    return Result(name, 3.0, (ours / base,), base * 1000, ours * 1000)


@contextmanager
def _console(url: str) -> Iterator[_Console]:
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "PORT": str(free_port())}
    environment |= {"FLASK_ENV": "production", "SECRET_KEY": secrets.token_hex(32)}
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        file = Path(folder) / "settings"
        file.write_text("".join(f"{name}={value}\n" for name, value in environment.items()))
        settings = load_settings(file)
        address = f"http://{settings.listen_address}"
        gunicorn = Path(sys.executable).with_name("gunicorn")
        for command in ((str(gunicorn),), (sys.executable, "-m", WORK)):
            stack.enter_context(_running(command, environment))
        _wait_for(address)
        with context(settings):
            viewers = [Viewer(address, token) for token in _tokens()]
        yield _Console(settings, address, viewers)


@contextmanager
def _running(command: Sequence[str], environment: dict[str, str]) -> Iterator[None]:
    quiet = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def _wait_for(address: str) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with suppress(OSError), urlopen(f"{address}/readyz", timeout=5):
            return
        time.sleep(0.1)
    raise RuntimeError("the console does not start")


def _tokens() -> Iterator[str]:
    """The session tokens of as many browsers as there are viewers."""
    token = issue_first_admin_link("bench")
    assert token
    admin = NewUser("Maren Vogt", "mvogt@example.com", "mvogt")
    user_id = create_first_admin(token, admin, secrets.token_urlsafe(20), utc_now())
    for number in range(VIEWERS):
        yield open_session(user_id, Browser(f"192.0.2.{number}"), utc_now()).token
