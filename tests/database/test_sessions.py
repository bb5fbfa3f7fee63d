"""Statements that a cancel ends, and their server sessions with them (ARCHITECTURE section 4, rule 4; TRUST
J4), on every kind of server."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread

import pytest

from core.connection import ConnectionParameters, parse_url
from core.errors import OperationCancelled, ServerError
from core.progress import Operation
from database.adapters import closing_connection
from database.adapters.base import Capability
from database.sessions import cancellable
from tests.servers import Server

PATIENCE = 10.0
AT_MOST = 15.0  # seconds from the start of a statement that would take a minute to its end by a cancel
ENDLESS = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n",
    "postgresql": "SELECT pg_sleep(60)",
    "mariadb": "SELECT sleep(60)",
    "mysql": "SELECT sleep(60)",
}


@pytest.fixture
def parameters(database_url: str) -> ConnectionParameters:
    return parse_url(database_url)


@contextmanager
def cancelled_soon() -> Iterator[Operation]:
    """An operation that someone cancels while its statement runs, and that is kept as a worker keeps it."""
    wish, over = Event(), Event()
    op = Operation(cancelled=wish.is_set)

    def cancel() -> None:
        over.wait(1.0)  # by then the statement runs
        wish.set()
        while not over.wait(0.1):
            op.end_waits()

    thread = Thread(target=cancel)
    thread.start()
    try:
        yield op
    finally:
        over.set()
        thread.join()


def listed(parameters: ConnectionParameters) -> set[int | None]:
    """The numbers of the sessions there are."""
    with closing_connection(parameters, PATIENCE) as (adapter, connection):
        return {session.id for session in adapter.sessions(connection)}


@pytest.mark.requires(Capability.SESSIONS)
def test_others_see_a_session_under_the_number_it_knows_itself(parameters: ConnectionParameters) -> None:
    with closing_connection(parameters, PATIENCE) as (adapter, connection):
        assert adapter.session_id(connection) in listed(parameters)


def test_a_cancel_ends_the_statement_and_its_session(
    server: Server, parameters: ConnectionParameters
) -> None:
    began = time.monotonic()
    with (
        cancelled_soon() as op,
        pytest.raises(OperationCancelled),
        cancellable(op, parameters, PATIENCE) as (adapter, connection),
    ):
        own = adapter.session_id(connection)
        with pytest.raises(ServerError):
            adapter.rows(connection, ENDLESS[server.dialect])
        assert time.monotonic() - began < AT_MOST
        assert own is None or own not in listed(parameters)  # before this side hangs up
