"""The grounds of the backups: a MySQL and a MariaDB server, where they can be had."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.database.backups.mysql_ground import Ground
from tests.servers import Missing, available


@pytest.fixture(params=("mariadb", "mysql"))
def ground(request: pytest.FixtureRequest) -> Iterator[Ground]:
    """A fresh database on each of the two, and who backs it up; all that a test made there goes with it."""
    server = available()[request.param]
    if isinstance(server, Missing):
        pytest.skip(f"{server.dialect} missing: {server.reason}")
    one = Ground(server, server.create_database(f"live_{secrets.token_hex(6)}"))
    yield one
    one.clear()
