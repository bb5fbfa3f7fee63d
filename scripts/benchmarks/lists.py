"""Lists of a million people and five million sign-ins, against Flask-Admin on the same tables and against
themselves on a tenth of the rows; the memory of a long export; a hundred sign-ins at once."""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from time import perf_counter
from urllib.request import urlopen

import psycopg2

from core.clock import utc_now
from core.settings import load_settings
from database.cursors import write_cursor
from features.login_sessions import Browser, open_session
from features.passwords import hash_password
from features.users import NewUser, create_first_admin, issue_first_admin_link
from operations.contexts import context
from scripts.benchmarks.comparison import Result
from scripts.benchmarks.databases import initialized
from scripts.benchmarks.list_data import LOG_ROWS, fill, row_at
from scripts.benchmarks.list_load import look_until, memory_of, peak_while, read_whole, sign_in_at_once
from scripts.benchmarks.list_rival import rival
from scripts.benchmarks.viewers import Viewer
from tests.servers.process import free_port

USERS = 1_000_000
LOOKS = 25
AT_ONCE = 100
_PASSWORD = "a walk along the river"
_DEEP = 0.9


@dataclass(frozen=True)
class _Console:
    """A console that serves, as process `pid`, and an admin who is signed in."""

    address: str
    pid: int
    viewer: Viewer


def comparisons() -> Iterator[Result]:
    """Each page of ours against the same page of Flask-Admin's, and against a tenth of the rows."""
    users = int(os.environ.get("BENCH_ROWS", USERS))
    with initialized("postgresql") as small, initialized("postgresql") as url:
        fill(small, users // 10)
        fill(url, users)
        with _console(small) as few, _console(url) as console, rival(url, free_port()) as address:
            _wait_for(f"{address}/people/")
            yield from _pages_compared(
                few, console, Viewer(address, ""), _pages(small, users // 10), _pages(url, users)
            )
        with _console(url) as console:
            yield from _exports(console)
            yield from _sign_ins(console)


def _pages_compared(
    few: _Console, console: _Console, guest: Viewer, small: dict[str, str], pages: dict[str, str]
) -> Iterator[Result]:
    """All three look in turn, so that whatever else the machine does hits each alike."""
    theirs = _their_pages(int(os.environ.get("BENCH_ROWS", USERS)))
    for name, path in pages.items():
        rounds = [
            (
                _once(console.viewer, path),
                _once(few.viewer, small[name]),
                _once(guest, f"/admin{theirs[name]}"),
            )
            for _ in range(LOOKS + 1)
        ][1:]
        ours, tenth, rivals = zip(*rounds, strict=True)
        limit = 1 / 20 if name == "users, search" else 1 / 3
        yield _compared(f"{name} / Flask-Admin", limit, ours, rivals)
        yield _compared(f"{name}, rows / a tenth", 1.3, ours, tenth)


def _compared(name: str, limit: float, ours: Sequence[float], others: Sequence[float]) -> Result:
    ratios = tuple(one / other for one, other in zip(ours, others, strict=True))
    return Result(name, limit, ratios, median(others) * 1000, median(ours) * 1000)


def _pages(url: str, users: int) -> dict[str, str]:
    """Ours by their names; a page deep down is reached by the cursor of the row before it."""
    user = row_at(url, "user", "name, id", int(users * _DEEP), "name, id")
    log = row_at(url, "user_log", "timestamp, id", int(users * LOG_ROWS * _DEEP), "timestamp DESC, id DESC")
    return {
        "users, first": "/users",
        "users, deep": f"/users?cursor={write_cursor(0, user)}",
        "users, filtered": "/users?role=operator",
        "users, search": f"/users?search=user{users // 2}",
        "activity, first": "/activity",
        "activity, deep": f"/activity?cursor={write_cursor(0, log)}",
        "activity, filtered": "/activity?action=logout",
    }


def _their_pages(users: int) -> dict[str, str]:
    deep = int(users * _DEEP) // 25
    return {
        "users, first": "/people/",
        "users, deep": f"/people/?page={deep}",
        "users, filtered": "/people/?flt1_role_equals=operator",
        "users, search": f"/people/?search=user{users // 2}",
        "activity, first": "/log/",
        "activity, deep": f"/log/?page={deep * LOG_ROWS}",
        "activity, filtered": "/log/?flt1_action_equals=logout",
    }


def _exports(console: _Console) -> Iterator[Result]:
    """The memory of the processes that serve, while all rows are written, against before."""
    for name, path in (("users", "/users/export?form=csv"), ("activity", "/activity/export?form=json")):
        read_whole(console.viewer, f"/{name}")
        before, began = memory_of(console.pid), perf_counter()
        peak = peak_while(console.pid, partial(read_whole, console.viewer, path))
        seconds = perf_counter() - began
        yield Result(
            f"memory, {name} exported / before", 1.15, (peak / before,), before / 1e6, seconds * 1000
        )


def _sign_ins(console: _Console) -> Iterator[Result]:
    """A hundred in the same moment, and what a page takes meanwhile."""
    idle = [_once(console.viewer, "/users") for _ in range(LOOKS)]
    over = threading.Event()
    busy: list[float] = []
    watcher = threading.Thread(target=lambda: busy.extend(look_until(console.viewer, "/users", over)))
    watcher.start()
    names = [
        f"user{number + 1}" for number in range(AT_ONCE + 2) if (number + 1) % 50
    ]  # each 50th is inactive
    statuses, seconds = sign_in_at_once(console.address, names, _PASSWORD)
    over.set()
    watcher.join()
    failed = sum(status != 303 for status in statuses)
    yield Result("sign-ins at once that fail", 0, (failed,), len(names), seconds * 1000)
    base, ours = median(idle), median(busy)
    yield Result("a page meanwhile / idle", 5, (ours / base,), base * 1000, ours * 1000)


def _once(viewer: Viewer, path: str) -> float:
    began = perf_counter()
    if read_whole(viewer, path) < 2000:
        raise RuntimeError(f"{path} is no page")
    return perf_counter() - began


@contextmanager
def _console(url: str) -> Iterator[_Console]:
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url, "PORT": str(free_port())}
    environment |= {"FLASK_ENV": "production", "SECRET_KEY": secrets.token_hex(32), "LOGNAME": "bench"}
    token = _prepare(environment)
    gunicorn = str(Path(sys.executable).with_name("gunicorn"))
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([gunicorn], env=environment, stdin=quiet, stdout=quiet, stderr=quiet)
    address = f"http://127.0.0.1:{environment['PORT']}"
    try:
        _wait_for(f"{address}/readyz")
        yield _Console(address, process.pid, Viewer(address, token))
    finally:
        process.terminate()
        process.wait(30)


def _prepare(environment: dict[str, str]) -> str:
    """The session of an admin; the first hundred users get a password."""
    os.environ["DATABASE_URL"] = environment["DATABASE_URL"]
    with context(load_settings()):
        connection = psycopg2.connect(environment["DATABASE_URL"])
        with connection, connection.cursor() as cursor:
            few = [f"user{number + 1}" for number in range(AT_ONCE + 2)]
            change = 'UPDATE "user" SET password_hash = %s WHERE username = ANY(%s)'
            cursor.execute(change, (hash_password(_PASSWORD), few))
            cursor.execute("SELECT id FROM \"user\" WHERE role = 'admin' AND is_active ORDER BY id LIMIT 1")
            admin = cursor.fetchone()
        connection.close()
        if admin is None:
            link = issue_first_admin_link("bench") or ""
            new = NewUser("Maren Vogt", "mvogt@example.com", "mvogt")
            admin = (create_first_admin(link, new, secrets.token_urlsafe(20), utc_now()),)
        return open_session(admin[0], Browser("192.0.2.1"), utc_now()).token


def _wait_for(address: str) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with suppress(OSError), urlopen(address, timeout=30):
            return
        time.sleep(0.2)
    raise RuntimeError(f"nothing answers at {address}")
