"""Seeding beside what one would use instead: the same rows from a ready file or list, and Faker with the ORM;
into the table of users with every index on. Then all five types: what a row of many takes beside one of few,
and the memory."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import Any

from faker import Faker

from core.connection import ConnectionParameters, parse_url
from core.naming import new_id
from core.progress import Operation
from core.settings import load_settings
from database.adapters import closing_connection
from database.adapters.row_lines import lines_of
from database.context import application_context
from database.files import make_database_file
from database.migrator import migrate
from features.recipes.rows import Rows
from features.recipes.users import USERS
from features.seed_parts import target_of
from features.seeding import UPSERT, seed
from models import User, db
from scripts.benchmarks.comparison import Result
from tests.servers import running

ROWS = 1_000_000
_SEED, _FAKED = 7, 2_000
_CHUNK = 20_000
_GENTLE = 200  # MB
_DATABASES = ("ready", "seeded", "faked", "few", "whole")
_MANY = 10  # times the rows of the rest, of all types together on PostgreSQL; the few are a hundredth of them
_ALL_TYPES = r"""
import os, re, sys, time
os.environ["DATABASE_URL"] = sys.argv[1]
from core.naming import new_id
from core.progress import Operation
from core.settings import load_settings
from database.context import application_context
from features.recipes.book import TYPES
from features.seeding import seed
settings = load_settings()
with application_context(settings):
    wishes = dict.fromkeys(TYPES, int(sys.argv[2]))
    began = time.perf_counter()
    seed(Operation(id=new_id()), settings.database.name, wishes, made_by="bench", number=7)
    seconds = time.perf_counter() - began
# Not by getrusage, which counts what the process that started this one held.
held = re.search(r"VmHWM:\s+(\d+) kB", open("/proc/self/status").read())
print(seconds, int(held[1]) / 1000)
"""


def comparisons() -> Iterator[Result]:
    """PostgreSQL, MariaDB and SQLite."""
    rows = int(os.environ.get("BENCH_ROWS", ROWS))
    with tempfile.TemporaryDirectory() as folder, ExitStack() as servers:
        for kind, limit in (("postgresql", 1 / 0.8), ("mariadb", 1 / 0.8), ("sqlite", 1 / 0.7)):
            if kind == "sqlite":
                urls = [f"sqlite:///{folder}/{name}.db" for name in _DATABASES]
            else:
                server = servers.enter_context(running(kind)).server
                urls = [server.create_database(name) for name in _DATABASES]
            yield from _measure(kind, urls, rows, limit)


def _measure(kind: str, urls: list[str], rows: int, limit: float) -> Iterator[Result]:
    """Each in a database of its own: what one left behind would slow the next."""
    with _console(urls[0]) as database:
        ready = _seconds(_load_ready(database, rows))
    with _console(urls[1]) as database:
        ours = _seconds(lambda: _seed(database, rows))
        yield _result(f"{kind}: seed / ready rows", limit, ready, ours)
        again = _seconds(lambda: _seed(database, rows, UPSERT))
        yield _result(f"{kind}: upsert / first load", 3.0, ours, again)
    many = rows
    if kind == "postgresql":
        many = rows * _MANY
        with _console(urls[2]):
            faked = _seconds(_fake) * rows / _FAKED
        yield _result(f"{kind}: seed / Faker and ORM", 1 / 20, faked, ours)
    seconds, peak = _all_types(urls[4], many)
    if kind == "postgresql":
        few = max(1_000, many // 100)
        small = _all_types(urls[3], few)[0] * many / few
        yield _result(f"{kind}: row of many / of few", 1.3, small, seconds)
    yield Result(f"{kind}: memory / {_GENTLE} MB", 1.0, (peak / _GENTLE,), _GENTLE, peak)


def _all_types(url: str, rows: int) -> tuple[float, float]:
    """The seconds that `rows` of all five types take, and the memory of that process at most, in MB."""
    with _console(url):
        run = subprocess.run(
            [sys.executable, "-c", _ALL_TYPES, url, str(rows // 5)],
            capture_output=True,
            text=True,
            check=True,
        )
    seconds, peak = map(float, run.stdout.splitlines()[-1].split())
    return seconds, peak


@contextmanager
def _console(url: str) -> Iterator[ConnectionParameters]:
    database = parse_url(url)
    os.environ["DATABASE_URL"] = url
    make_database_file(database)
    migrate(database, applied_by="bench")
    with application_context(load_settings()):
        yield database


def _seed(database: ConnectionParameters, rows: int, mode: str = "add") -> None:
    wishes = {"users": rows}
    seed(Operation(id=new_id()), database.name, wishes, made_by="bench", mode=mode, number=_SEED)


def _load_ready(database: ConnectionParameters, rows: int) -> Callable[[], None]:
    """What is timed is the loading alone; the rows are ready."""
    made = Rows("user", _SEED, 0, rows, 1, {})
    columns = target_of(USERS).columns
    starts = range(0, rows, _CHUNK)
    pieces: list[Any] = [list(USERS.make(made, start, min(rows, start + _CHUNK))) for start in starts]
    adapter_columns = ", ".join(columns)
    file = Path(tempfile.gettempdir()) / f"{new_id()}.rows"
    file.write_bytes(b"".join(map(lines_of, pieces)))

    def load() -> None:
        with closing_connection(database, 30.0) as (adapter, connection):
            _LOADERS[adapter.label](connection, adapter.quote("user"), adapter_columns, file, pieces)

    return load


def _copy(connection: Any, table: str, columns: str, file: Path, _: Any) -> None:
    with connection.cursor() as cursor, file.open("rb") as stream:
        cursor.execute("SET TimeZone = 'UTC'")
        cursor.copy_expert(f"COPY {table} ({columns}) FROM STDIN", stream, 262_144)


def _load_data(connection: Any, table: str, columns: str, file: Path, _: Any) -> None:
    with connection.cursor() as cursor:  # by the server itself, from its own disk
        cursor.execute(f"LOAD DATA INFILE '{file}' INTO TABLE {table} CHARACTER SET utf8mb4 ({columns})")


def _executemany(connection: Any, table: str, columns: str, _: Path, pieces: Any) -> None:
    marks = ", ".join("?" * (columns.count(",") + 1))
    connection.execute("BEGIN")
    for piece in pieces:
        connection.executemany(f"INSERT INTO {table} ({columns}) VALUES ({marks})", piece)
    connection.execute("COMMIT")


_LOADERS: dict[str, Callable[..., None]] = {
    "PostgreSQL": _copy,
    "MariaDB": _load_data,
    "SQLite": _executemany,
}


def _fake() -> None:
    faker = Faker()
    people = [
        User(username=faker.unique.user_name(), email=faker.unique.email(), name=faker.name())
        for _ in range(_FAKED)
    ]
    db.session.add_all(people)
    db.session.commit()


def _seconds(work: Callable[[], Any]) -> float:
    began = perf_counter()
    work()
    return perf_counter() - began


def _result(name: str, limit: float, baseline: float, ours: float) -> Result:
    return Result(name, limit, (ours / baseline,), baseline * 1000, ours * 1000)
