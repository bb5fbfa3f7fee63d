"""The grounds of the backups: PostgreSQL, MySQL and MariaDB servers, where they can be had."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import pytest

from tests.database.backups.mysql_ground import Ground
from tests.database.backups.postgresql_ground import Ground as PostgreSQLGround
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


@pytest.fixture
def postgresql() -> Iterator[PostgreSQLGround]:
    """A fresh database on a PostgreSQL server, and who backs it up; what a test made there goes with it."""
    server = available()["postgresql"]
    if isinstance(server, Missing):
        pytest.skip(f"postgresql missing: {server.reason}")
    one = PostgreSQLGround(server, server.create_database(f"live_{secrets.token_hex(6)}"))
    yield one
    one.clear()
