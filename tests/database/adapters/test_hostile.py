"""What a server may take of our time and memory, whatever it answers (TRUST C4)."""

from __future__ import annotations

import socket
import struct
import threading
import time
from decimal import Decimal

import pytest

from core.connection import ConnectionParameters, Dialect
from core.errors import ConnectionTimeout, ServerError
from database.adapters import adapter_for, closing_connection
from database.adapters.answers import Implausible, whole
from tests.database.adapters import hostile
from tests.database.adapters.imposters import Talk, imposter

PATIENCE = 1.0
LONG_PATIENCE = 20.0


def at(port: int, dialect: Dialect = Dialect.MYSQL) -> ConnectionParameters:
    """A registered database of this machine."""
    return ConnectionParameters(dialect, "d", "127.0.0.1", port, "u", allowed=("127.0.0.0/8",))


def look(target: ConnectionParameters, patience: float = PATIENCE) -> None:
    """Ask what a look asks."""
    with closing_connection(target, patience) as (adapter, connection):
        adapter.answer_patience(connection, patience)
        adapter.ping(connection)
        adapter.server_version(connection)
        adapter.database_size(connection)


@pytest.mark.parametrize(
    "talk",
    [
        hostile.mysql_that_drips_its_greeting,
        *(hostile.mysql_that_answers(**{name: hostile.drip}) for name in ("account", "version", "total")),
    ],
    ids=["greeting", "account", "version", "total"],
)
def test_a_server_that_drips_is_hung_up_on(talk: Talk) -> None:
    """Whichever answer it is; and no thread stays with it."""
    began = time.monotonic()
    with imposter(talk) as one, pytest.raises(ConnectionTimeout):
        look(at(one.port))
    assert time.monotonic() - began < 10 * PATIENCE  # it would drip for ever
    deadline = time.monotonic() + 10
    while connecting() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not connecting()


def connecting() -> list[threading.Thread]:
    """The threads that connect just now."""
    return [thread for thread in threading.enumerate() if thread.name == "basekeeper-connect"]


@pytest.mark.parametrize(
    "reply", [hostile.rows_without_end, hostile.answers_without_end, hostile.one_long_packet]
)
@pytest.mark.parametrize("name", ["version", "total"])
def test_an_answer_without_end_is_cut_off(reply: hostile.Reply, name: str) -> None:
    """Long before the patience is over, and nothing of it is kept."""
    sent: list[int] = []

    def counted(client: socket.socket) -> None:
        reply(_Counting(client, sent))  # type: ignore[arg-type]

    began = time.monotonic()
    with imposter(hostile.mysql_that_answers(**{name: counted})) as one, pytest.raises(ServerError):
        look(at(one.port), LONG_PATIENCE)
    assert time.monotonic() - began < LONG_PATIENCE
    assert sum(sent) < 2**25  # what the network holds included


class _Counting:
    """A socket that counts what went out."""

    def __init__(self, client: socket.socket, sent: list[int]) -> None:
        self._client = client
        self._sent = sent

    def sendall(self, data: bytes) -> None:
        self._client.sendall(data)
        self._sent.append(len(data))


@pytest.mark.parametrize(
    "reply", [hostile.rows_of(), hostile.nonsense, hostile.rows_of(b"9" * 5000, kind=8), hostile.done]
)
@pytest.mark.parametrize("name", ["account", "version", "total"])
def test_an_answer_that_cannot_be_read_is_an_error_of_the_server(reply: hostile.Reply, name: str) -> None:
    with imposter(hostile.mysql_that_answers(**{name: reply})) as one, pytest.raises(ServerError):
        look(at(one.port))


@pytest.mark.parametrize("said", [b"9" * 5000, b"1." * 200 + b"1", b"", b"\xc2\xb2.\xd9\xa3", b"<b>8.0"])
def test_any_version_is_read_within_bounds(said: bytes) -> None:
    talk = hostile.mysql_that_answers(version=hostile.rows_of(said))
    with imposter(talk) as one, closing_connection(at(one.port), LONG_PATIENCE) as (adapter, connection):
        assert len(str(adapter.server_version(connection))) < 40


def test_odd_words_of_a_fake_postgresql_are_an_error_of_the_server() -> None:
    """psycopg2 raises an error of Python there."""
    with imposter(_postgresql_in_no_encoding) as one, pytest.raises(ServerError, match="cannot be read"):
        adapter_for(at(one.port, Dialect.POSTGRESQL)).connect(LONG_PATIENCE)


def _postgresql_in_no_encoding(client: socket.socket) -> bytes:
    """Lets everyone in, and answers each question with a text that is no UTF-8."""

    def message(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("!I", 4 + len(body)) + body

    if client.recv(8)[4:] == struct.pack("!I", 80877103):
        client.sendall(b"N")
        client.recv(4096)
    encoding = message(b"S", b"client_encoding\0UTF8\0")
    client.sendall(message(b"R", struct.pack("!I", 0)) + encoding + message(b"Z", b"I"))
    column = b"c\0" + struct.pack("!IHIhih", 0, 0, 25, -1, -1, 0)
    row = struct.pack("!HI", 1, 1) + b"\xff"
    answer = message(b"T", struct.pack("!H", 1) + column) + message(b"D", row)
    while client.recv(4096)[:1] == b"Q":
        client.sendall(answer + message(b"C", b"SELECT 1\0") + message(b"Z", b"I"))
    return b""


@pytest.mark.parametrize(
    "number", [-5, 2**63, Decimal("1E+99999999"), Decimal("NaN"), float("inf"), "12", None, b"1"]
)
def test_what_is_no_size_is_not_taken_for_one(number: object) -> None:
    with pytest.raises(Implausible):
        whole(number)
    assert whole(Decimal(2**63 - 1)) == 2**63 - 1
