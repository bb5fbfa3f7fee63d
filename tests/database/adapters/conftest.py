"""An open connection to a fresh database of each kind, and more of them where a test needs two."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace

import pytest

from core.connection import ConnectionParameters, parse_url
from database.adapters import closing_connection
from database.adapters.base import Adapter, Connection
from tests.servers import Server

PATIENCE = 10

Opened = tuple[Adapter, Connection]


@pytest.fixture
def parameters(database_url: str) -> ConnectionParameters:
    return parse_url(database_url)


@pytest.fixture
def connect(parameters: ConnectionParameters) -> Iterator[Callable[..., Opened]]:
    """Opens connections to the fresh database, or to what it is given, and closes them after the test."""
    with ExitStack() as stack:

        def another(to: ConnectionParameters = parameters) -> Opened:
            return stack.enter_context(closing_connection(to, PATIENCE))

        yield another


@pytest.fixture
def opened(connect: Callable[..., Opened]) -> Opened:
    return connect()


@pytest.fixture
def account(
    server: Server, database_url: str, parameters: ConnectionParameters
) -> Iterator[ConnectionParameters]:
    """The fresh database as an account sees it that may do nothing there but look."""
    name, password = f"poor_{secrets.token_hex(4)}", "пароль '\\ 1"
    quoted = password.replace("'", "''")
    if server.dialect == "postgresql":
        server.execute(server.admin_url, f"CREATE ROLE {name} LOGIN PASSWORD '{quoted}'")
    else:
        quoted = quoted.replace("\\", "\\\\")
        look = f"GRANT SELECT ON `{parameters.database}`.* TO {name}"
        server.execute(server.admin_url, f"CREATE USER {name} IDENTIFIED BY '{quoted}'", look)
    yield replace(parameters, user=name, password=password)
    if server.dialect == "postgresql":
        server.execute(database_url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")
    else:
        server.execute(server.admin_url, f"DROP USER {name}")
