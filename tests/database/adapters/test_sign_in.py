"""Connecting: what is refused, what hangs, and what an impostor gets (TRUST C5, C6)."""

from __future__ import annotations

import socket
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from core.connection import ConnectionParameters, TlsMode
from core.errors import (
    AppError,
    ConnectionFailed,
    ConnectionTimeout,
    ServerError,
    SignInRefused,
    TlsFailed,
    ToolMissing,
)
from database.adapters import adapter_for, closing_connection, open_connection
from database.adapters.base import Adapter, Capability, Connection, SessionInfo
from tests.database.adapters import imposters
from tests.servers import Server

pytestmark = pytest.mark.requires(Capability.ACCOUNTS)


def refused_as(parameters: ConnectionParameters, error: type[AppError]) -> AppError:
    with pytest.raises(error) as raised:
        adapter_for(parameters).connect(5)
    assert type(raised.value) is error
    assert "\n" not in raised.value.message
    assert raised.value.hint
    return raised.value


def test_a_wrong_password(parameters: ConnectionParameters) -> None:
    error = refused_as(replace(parameters, password="wrong-canary"), SignInRefused)
    assert "canary" not in str(error) + repr(error.__cause__)


def test_an_unknown_user(parameters: ConnectionParameters) -> None:
    refused_as(replace(parameters, user="nobody'\"\\"), SignInRefused)


def test_no_user_is_not_the_account_of_this_machine(parameters: ConnectionParameters) -> None:
    refused_as(replace(parameters, user=""), SignInRefused)


def test_a_port_where_nothing_listens(parameters: ConnectionParameters) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    error = refused_as(replace(parameters, port=port), ConnectionFailed)
    assert "refuses" in error.message and str(port) in error.message


def test_a_host_that_is_not_known(parameters: ConnectionParameters) -> None:
    refused_as(replace(parameters, host="no-such-host.invalid"), ConnectionFailed)
    refused_as(replace(parameters, host="a..b"), ConnectionFailed)


@pytest.mark.parametrize("timeout", [0.5, 1.5])
def test_a_server_that_never_answers(parameters: ConnectionParameters, timeout: float) -> None:
    with imposters.silent_server() as port:
        adapter = adapter_for(replace(parameters, port=port))
        began = time.monotonic()
        with pytest.raises(ConnectionTimeout, match="did not answer"):
            adapter.connect(timeout)
        assert timeout <= time.monotonic() - began < timeout + 0.4


def test_a_host_that_answers_in_another_language(parameters: ConnectionParameters) -> None:
    def babble(client: socket.socket) -> bytes:
        client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
        return b""

    with imposters.imposter(babble) as one:
        refused_as(replace(parameters, port=one.port), ConnectionFailed)


def test_a_password_of_any_characters(account: ConnectionParameters) -> None:
    with closing_connection(account, 5) as (adapter, connection):
        adapter.ping(connection)


def test_tls_that_must_be_verified_is_not_given_up(parameters: ConnectionParameters, tmp_path: Path) -> None:
    """TRUST C6: a server without TLS, or with a certificate of its own making, is not connected to."""
    for mode in (TlsMode.VERIFY_CA, TlsMode.VERIFY_FULL):
        refused_as(replace(parameters, tls_mode=mode), TlsFailed)
        missing = str(tmp_path / "nowhere.pem")
        refused_as(replace(parameters, tls_mode=mode, tls_root_certificate=missing), TlsFailed)


def test_tls_as_asked_for(parameters: ConnectionParameters) -> None:
    with closing_connection(replace(parameters, tls_mode=TlsMode.PREFER), 5) as (adapter, connection):
        can = adapter.tls_state(connection)
    with closing_connection(replace(parameters, tls_mode=TlsMode.DISABLE), 5) as (adapter, connection):
        assert adapter.tls_state(connection) is not None
        assert not adapter.tls_state(connection).encrypted  # type: ignore[union-attr]
    required = replace(parameters, tls_mode=TlsMode.REQUIRE)
    if can is not None and can.encrypted:
        with closing_connection(required, 5) as (adapter, connection):
            assert adapter.tls_state(connection) == can
    else:
        refused_as(required, TlsFailed)


@pytest.fixture
def impostor_talk(server: Server) -> imposters.Talk:
    if server.dialect == "postgresql":
        return imposters.postgresql_without_tls_that_wants_the_password
    return imposters.mysql_that_wants_the_password


def test_a_server_that_asks_for_a_readable_password_gets_none(
    parameters: ConnectionParameters, impostor_talk: imposters.Talk
) -> None:
    """TRUST C5."""
    with imposters.imposter(impostor_talk) as one:
        target = replace(parameters, port=one.port, password="canary")
        refused_as(target, SignInRefused)
        time.sleep(0.1)
    assert b"canary" not in one.received


def test_a_server_that_asks_for_a_file_gets_none(server: Server, parameters: ConnectionParameters) -> None:
    """TRUST C5."""
    if server.dialect == "postgresql":
        pytest.skip("its protocol has no such request")
    with imposters.imposter(imposters.mysql_that_wants_a_file) as one:
        with pytest.raises(ServerError, match="asked for a file"):
            open_connection(replace(parameters, port=one.port), 5)
        time.sleep(0.1)
    assert b"root:" not in one.received


def test_a_driver_that_is_not_installed(parameters: ConnectionParameters) -> None:
    with pytest.MonkeyPatch.context() as patch:
        for name in ("psycopg2", "pymysql"):
            patch.setitem(sys.modules, name, None)
        error = refused_as(parameters, ToolMissing)
    assert "pip install" in error.hint


def test_late_connections_do_not_pile_up(parameters: ConnectionParameters) -> None:
    """An attempt that was given up leaves no session behind."""
    with closing_connection(parameters, 5) as (adapter, connection):
        for _ in range(5):
            with suppress(ConnectionFailed):  # on a busy machine one may come in time after all
                adapter.connect(0.000_001).close()
        time.sleep(1)  # those that come late have come
        deadline = time.monotonic() + 20
        while _here(adapter, connection, parameters) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert _here(adapter, connection, parameters) == []


def _here(adapter: Adapter, connection: Connection, parameters: ConnectionParameters) -> list[SessionInfo]:
    return [one for one in adapter.sessions(connection) if one.database == parameters.database]
