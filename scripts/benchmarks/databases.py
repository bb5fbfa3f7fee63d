"""Databases to measure on: private servers as the tests start them, each with the schema in place."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.servers.cache import Unavailable
from tests.servers.fleet import Fleet, available
from tests.servers.server import Missing, Server


@contextmanager
def server_of(dialect: str) -> Iterator[Server]:
    """A private server. Raises Unavailable when there is none of that kind."""
    fleet = Fleet()
    fleet.start([dialect])
    try:
        server = available()[dialect]
        if isinstance(server, Missing):
            raise Unavailable(server.reason)
        yield server
    finally:
        fleet.stop()


@contextmanager
def initialized(dialect: str) -> Iterator[str]:
    """The URL of a fresh database with the schema made. Raises Unavailable when there is no such server."""
    with server_of(dialect) as server:
        url = server.create_database()
        environment = {"PATH": os.environ.get("PATH", ""), "DATABASE_URL": url}
        command = [sys.executable, "manage_db.py", "init"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        yield url
        server.drop_database(url)
