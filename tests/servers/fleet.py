"""Which servers this run has: started once by whoever controls the run, or named by the user, then handed to
every worker through the environment."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pymysql

from tests.servers import mariadb, mysql, postgresql
from tests.servers.cache import Unavailable, run_folder
from tests.servers.process import ServerProcess
from tests.servers.server import DIALECTS, Missing, Server, read_version

_HANDED_ON = "BASEKEEPER_TEST_SERVERS"
_STARTERS: dict[str, Callable[[], tuple[ServerProcess, Server]]] = {
    "postgresql": postgresql.start,
    "mariadb": mariadb.start,
    "mysql": mysql.start,
}


@dataclass(frozen=True)
class PrivateServer:
    """An extra server of one test's own, to stop, kill or hang; port, data and password stay the same."""

    server: Server
    process: ServerProcess

    def stop(self) -> None:
        """End it in an orderly way."""
        self.process.stop()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()

    def start(self) -> None:
        """Start it again on the same port and data, and wait till it answers."""
        self.process.start()

    def pause(self) -> None:
        """Let it hang: connections open, and nothing answers."""
        self.process.pause()

    def resume(self) -> None:
        """Let it go on after a pause."""
        self.process.resume()


class Fleet:
    """The servers of a whole run."""

    def __init__(self) -> None:
        self._processes: list[ServerProcess] = []
        self._folders: list[Path] = []

    def start(self, dialects: Iterable[str]) -> None:
        """Start those of `dialects` that can be had, at the same time, and hand all on to the workers."""
        with ThreadPoolExecutor(len(DIALECTS)) as pool:
            found = list(pool.map(self._find, dialects))
        left_out = [Missing(name, "left out by --servers") for name in DIALECTS if name not in dialects]
        kinds = [{"kind": type(one).__name__, **asdict(one)} for one in (*found, *left_out)]
        os.environ[_HANDED_ON] = json.dumps(kinds)

    def stop(self) -> None:
        """End what was started and delete its data."""
        os.environ.pop(_HANDED_ON, None)
        with ThreadPoolExecutor(len(DIALECTS)) as pool:
            list(pool.map(ServerProcess.close, self._processes))
        for folder in self._folders:
            shutil.rmtree(folder, ignore_errors=True)

    def _find(self, dialect: str) -> Server | Missing:
        try:
            if dialect == "sqlite":
                self._folders.append(run_folder("sqlite"))
                return Server("sqlite", sqlite3.sqlite_version, f"sqlite:///{self._folders[-1]}")
            if url := os.environ.get(f"TEST_{dialect.upper()}_URL"):
                return named_server(dialect, url)
            process, server = _STARTERS[dialect]()
        except (Unavailable, OSError) as error:
            return Missing(dialect, str(error))
        self._processes.append(process)
        return server


def available() -> dict[str, Server | Missing]:
    """Every dialect with its server in this run, or why there is none."""
    handed = os.environ.get(_HANDED_ON)
    if handed is None:
        return {name: Missing(name, "no test run has started any") for name in DIALECTS}
    found: dict[str, Server | Missing] = {}
    for fields in json.loads(handed):
        kind = {"Server": Server, "Missing": Missing}[fields.pop("kind")]
        found[fields["dialect"]] = kind(**fields)
    return {name: found[name] for name in DIALECTS}


@contextmanager
def running(dialect: str) -> Iterator[PrivateServer]:
    """A private server more, gone at the end. Raises Unavailable when none can be had."""
    if dialect not in _STARTERS:
        raise Unavailable(f"{dialect} has no process that could be stopped")
    process, server = _STARTERS[dialect]()
    try:
        yield PrivateServer(server, process)
    finally:
        process.close()


def named_server(dialect: str, url: str) -> Server | Missing:
    """The server that the user named; never replaced by a private one when it does not answer."""
    try:
        parts = urlsplit(url)
        path = parts.path.removeprefix("/") or {"postgresql": "postgres"}.get(dialect, "mysql")
        url = urlunsplit(parts._replace(scheme=dialect, path=f"/{path}"))
        return Server(dialect, read_version(url), url, ours=False)
    except (psycopg2.Error, pymysql.Error, ValueError, RuntimeError) as error:
        said = str(error).strip().splitlines()
        return Missing(
            dialect, f"TEST_{dialect.upper()}_URL does not answer: {said[0] if said else 'no reason given'}"
        )
