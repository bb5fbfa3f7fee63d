"""Waiting, holding and ending: locks, limits and sessions on a real server of each kind."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from core.connection import ConnectionParameters, parse_url
from core.errors import ConnectionFailed, LockTimeout, NotFound, ServerTimeout, TargetBusy, Unsupported
from database.adapters.base import Capability, Connection
from tests.database.adapters.conftest import Opened
from tests.servers import Server

PARENT = "CREATE TABLE parent (id integer PRIMARY KEY, code varchar(20))"


def identity(opened: Opened) -> int:
    """The number by which the server knows this session; of SQLite, the process."""
    adapter, connection = opened
    return session_id(connection) if adapter.supports(Capability.SESSIONS) else os.getpid()


def session_id(connection: Connection) -> int:
    backend = getattr(connection, "get_backend_pid", None) or connection.thread_id  # type: ignore[attr-defined]
    return int(backend())


@contextmanager
def holding_parent(opened: Opened) -> Iterator[None]:
    """A transaction in which the table `parent` was changed."""
    adapter, connection = opened
    adapter.rows(connection, "BEGIN")
    adapter.rows(connection, "INSERT INTO parent VALUES (7, 'seven')")
    yield
    adapter.rows(connection, "ROLLBACK")


@pytest.fixture
def other_database(server: Server) -> Iterator[ConnectionParameters]:
    url = server.create_database()
    yield parse_url(url)
    server.drop_database(url)


def test_a_lock_is_waited_for_as_long_as_told(opened: Opened, connect: Callable[..., Opened]) -> None:
    """TRUST fault (d)."""
    opened[0].rows(opened[1], PARENT)
    adapter, waiting = connect()
    adapter.lock_patience(waiting, 1)
    with holding_parent(opened):
        began = time.monotonic()
        with pytest.raises(LockTimeout) as raised:
            adapter.rows(waiting, "DROP TABLE parent")
        assert 0.5 < time.monotonic() - began < 4
    if adapter.supports(Capability.SESSIONS):
        assert f"session {identity(opened)}" in raised.value.message
        assert "db_health_check.py" in raised.value.hint
        assert "canceling" not in raised.value.message, "the driver's words say nothing more"
    assert raised.value.hint


def test_by_default_nobody_waits_for_a_lock_for_ever(opened: Opened, connect: Callable[..., Opened]) -> None:
    opened[0].rows(opened[1], PARENT)
    adapter, waiting = connect()
    with holding_parent(opened):
        began = time.monotonic()
        with pytest.raises(LockTimeout):
            adapter.rows(waiting, "DROP TABLE parent")
        assert 3 < time.monotonic() - began < 9


def test_a_slow_statement_is_ended(server: Server, opened: Opened) -> None:
    adapter, connection = opened
    adapter.statement_timeout(connection, 0.5)
    began = time.monotonic()
    with pytest.raises(ServerTimeout):
        adapter.rows(connection, slow_statement(server))
    assert time.monotonic() - began < 4
    adapter.ping(connection)


def test_the_limit_of_a_statement_is_taken_away(server: Server, opened: Opened) -> None:
    adapter, connection = opened
    adapter.statement_timeout(connection, 0.2)
    adapter.statement_timeout(connection, 0)
    adapter.rows(connection, slow_statement(server, rows=300_000))


def slow_statement(server: Server, rows: int = 500_000_000) -> str:
    if server.dialect in ("mysql", "mariadb"):  # they limit the depth of a recursion
        sources = ", ".join(f"information_schema.collations c{n}" for n in range(2 if rows < 10**6 else 5))
        return f"SELECT count(*) FROM {sources}"
    limit = f"LIMIT {rows}" if server.dialect == "sqlite" else f"WHERE x < {rows}"
    series = f"WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n {limit}) "
    return f"{series} SELECT count(*) FROM n"


def test_two_connections_contend_for_the_native_lock(opened: Opened, connect: Callable[..., Opened]) -> None:
    """The second is told who holds it, and gets it once the first is done."""
    adapter, first = opened
    _, second = connect()
    with adapter.native_lock(first, "schema", 1):
        began = time.monotonic()
        with pytest.raises(TargetBusy) as raised, adapter.native_lock(second, "schema", 0.5):
            pytest.fail("both hold it")
        assert 0.4 < time.monotonic() - began < 8
        assert str(identity(opened)) in raised.value.message
        with adapter.native_lock(second, "another", 0):
            pass
    with adapter.native_lock(second, "schema", 0):
        pass


def test_a_failure_inside_gives_the_native_lock_back(opened: Opened, connect: Callable[..., Opened]) -> None:
    adapter, first = opened
    with pytest.raises(ZeroDivisionError), adapter.native_lock(first, "schema", 0):
        raise ZeroDivisionError
    with adapter.native_lock(connect()[1], "schema", 0):
        pass


@pytest.mark.requires(Capability.SESSIONS)
def test_a_lost_connection_gives_the_native_lock_back(opened: Opened, connect: Callable[..., Opened]) -> None:
    adapter, first = opened
    _, second = connect()
    with adapter.native_lock(first, "schema", 0):
        adapter.terminate(second, identity(opened))
        with adapter.native_lock(second, "schema", 2):
            pass


@pytest.mark.requires(Capability.CREATE_DATABASE)
def test_the_native_lock_belongs_to_one_database(
    server: Server, opened: Opened, connect: Callable[..., Opened], other_database: ConnectionParameters
) -> None:
    adapter, first = opened
    other, second = connect(other_database)
    with adapter.native_lock(first, "schema", 0), other.native_lock(second, "schema", 0):
        pass


@pytest.mark.requires(Capability.SESSIONS)
def test_sessions_lists_the_others(opened: Opened, connect: Callable[..., Opened]) -> None:
    adapter, connection = opened
    _, other = connect()
    found = {session.id: session for session in adapter.sessions(connection)}
    assert identity(opened) not in found
    session = found[session_id(other)]
    assert session.database == adapter.parameters.database
    assert session.user == adapter.parameters.user
    assert 0 <= session.seconds < 60


@pytest.mark.requires(Capability.SESSIONS)
def test_terminate_ends_the_session(opened: Opened, connect: Callable[..., Opened]) -> None:
    adapter, connection = opened
    _, other = connect()
    number = session_id(other)
    adapter.terminate(connection, number)
    assert number not in {session.id for session in adapter.sessions(connection)}
    with pytest.raises(ConnectionFailed):
        adapter.ping(other)
    with pytest.raises(NotFound):
        adapter.terminate(connection, number)


def test_without_sessions_there_is_none_to_end(opened: Opened) -> None:
    adapter, connection = opened
    if adapter.supports(Capability.SESSIONS):
        pytest.skip("this server has sessions")
    assert adapter.sessions(connection) == ()
    with pytest.raises(Unsupported):
        adapter.terminate(connection, 1)
