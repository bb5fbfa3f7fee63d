"""Connecting to what people registered: the checked address and no other (TRUST C3), the server proven (C6),
nothing given away (C5)."""

from __future__ import annotations

import socket
import sqlite3
import struct
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.connection import ConnectionParameters, Dialect, TlsMode
from core.errors import AddressNotAllowed, ConnectionFailed, ServerError, SignInRefused, TlsFailed
from database.adapters import adapter_for, closing_connection
from database.adapters.base import Capability
from tests.database.adapters import imposters
from tests.database.adapters.certificates import Authority

HERE = ("127.0.0.0/8", "::1")
NAME = "shop.example"


@pytest.fixture
def registered(parameters: ConnectionParameters) -> ConnectionParameters:
    """A database of this machine that is listed."""
    return replace(parameters, allowed=HERE)


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """`resolve(first, second, ...)`: the addresses that the name has, lookup by lookup; gives the names that
    were looked up. Nobody else's resolver knows it."""
    real = socket.getaddrinfo
    asked: list[str] = []

    def answers(*addresses: str) -> list[str]:
        def look_up(host: str, port: int, *more: int, **kinds: int) -> object:
            if host != NAME:
                return real(host, port, *more, **kinds)
            asked.append(host)
            return real(addresses[min(len(asked), len(addresses)) - 1], port, type=socket.SOCK_STREAM)

        monkeypatch.setattr(socket, "getaddrinfo", look_up)
        return asked

    return answers


@pytest.mark.requires(Capability.ACCOUNTS)
class TestAddress:
    def test_the_address_that_was_checked_is_the_one_dialled(
        self, registered: ConnectionParameters, resolve: Callable[..., list[str]]
    ) -> None:
        """A name that answers otherwise the second time is not asked twice."""
        asked = resolve(registered.host, "192.0.2.1")
        with closing_connection(replace(registered, host=NAME), 5) as (adapter, connection):
            adapter.ping(connection)
        assert asked == [NAME]

    def test_a_name_that_leads_to_this_machine_is_refused(
        self, registered: ConnectionParameters, resolve: Callable[..., list[str]]
    ) -> None:
        for address in ("127.0.0.1", "::1", "0.0.0.0", "169.254.169.254", "fd00::1"):
            resolve(address)
            with pytest.raises(AddressNotAllowed):
                adapter_for(replace(registered, host=NAME, allowed=())).connect(5)

    def test_a_listed_name_may_be_anywhere(
        self, registered: ConnectionParameters, resolve: Callable[..., list[str]]
    ) -> None:
        resolve(registered.host)
        with closing_connection(replace(registered, host=NAME, allowed=(NAME,)), 5) as (adapter, connection):
            adapter.ping(connection)

    def test_localhost_has_an_address_of_each_kind(self, registered: ConnectionParameters) -> None:
        with closing_connection(replace(registered, host="localhost"), 5) as (adapter, connection):
            adapter.ping(connection)

    def test_a_name_that_is_not_known(self, registered: ConnectionParameters) -> None:
        for name in ("no-such-host.invalid", "a..b"):
            with pytest.raises(ConnectionFailed, match="not known"):
                adapter_for(replace(registered, host=name)).connect(5)


def postgresql_that_wants_md5(client: socket.socket) -> bytes:
    """Answers N to the request for TLS, then asks for the password's MD5."""
    if client.recv(8)[4:] == struct.pack("!I", 80877103):
        client.sendall(b"N")
        client.recv(4096)
    client.sendall(b"R" + struct.pack("!II", 12, 5) + b"salt")
    return client.recv(4096)


def postgresql_that_lets_everyone_in(client: socket.socket) -> bytes:
    """Wants no proof, and gives none."""
    if client.recv(8)[4:] == struct.pack("!I", 80877103):
        client.sendall(b"N")
        client.recv(4096)
    client.sendall(b"R" + struct.pack("!II", 8, 0) + b"Z" + struct.pack("!I", 5) + b"I")
    return client.recv(4096)


@pytest.mark.parametrize(
    "talk",
    [
        imposters.postgresql_without_tls_that_wants_the_password,
        postgresql_that_wants_md5,
        postgresql_that_lets_everyone_in,
    ],
)
@pytest.mark.parametrize("mode", [TlsMode.PREFER, TlsMode.REQUIRE, TlsMode.VERIFY_FULL])
def test_a_fake_postgresql_gets_no_password(talk: imposters.Talk, mode: TlsMode) -> None:
    """TRUST C5: neither in clear nor as MD5, and nothing at all where TLS is wanted."""
    with imposters.imposter(talk) as one:
        target = ConnectionParameters(
            Dialect.POSTGRESQL, "d", "127.0.0.1", one.port, "u", "canary", mode, allowed=HERE
        )
        with pytest.raises(SignInRefused if mode is TlsMode.PREFER else TlsFailed):
            adapter_for(target).connect(5)
        time.sleep(0.1)
    assert b"canary" not in one.received and b"md5" not in one.received
    assert mode is TlsMode.PREFER or not one.received


@pytest.mark.parametrize("dialect", [Dialect.MYSQL, Dialect.MARIADB])
def test_a_fake_mysql_gets_no_password(dialect: Dialect) -> None:
    """TRUST C5: not in clear, not encrypted with a key of its own, and nothing where TLS is wanted."""
    for talk in (imposters.mysql_that_wants_the_password, imposters.mysql_with_a_key_of_its_own):
        for mode, error in ((TlsMode.PREFER, SignInRefused), (TlsMode.VERIFY_FULL, TlsFailed)):
            with imposters.imposter(talk) as one:
                target = ConnectionParameters(
                    dialect, "d", "127.0.0.1", one.port, "u", "canary", mode, allowed=HERE
                )
                with pytest.raises(error):
                    adapter_for(target).connect(5)
                time.sleep(0.1)
            assert b"canary" not in one.received and len(one.received) < 64


@pytest.mark.parametrize(
    ("dialect", "server_with"),
    [(Dialect.POSTGRESQL, imposters.postgresql_with), (Dialect.MYSQL, imposters.mysql_with)],
)
def test_only_who_has_the_name_and_is_vouched_for_is_the_server(
    dialect: Dialect,
    server_with: Callable[[Path, Path], imposters.Talk],
    resolve: Callable[..., list[str]],
    tmp_path: Path,
) -> None:
    """TRUST C6: expired, of another name, of an unknown authority: each is refused before the account is
    named, also where the address is dialled and the name only checked."""
    resolve("127.0.0.1")
    trusted, stranger = Authority(tmp_path / "trusted.pem"), Authority(tmp_path / "stranger.pem")
    shown = (
        (trusted, NAME, 1, SignInRefused), (trusted, NAME, -1, TlsFailed), (stranger, NAME, 1, TlsFailed),
        (trusted, "other.example", 1, TlsFailed),
    )  # fmt: skip
    for authority, name, days, error in shown:
        with imposters.imposter(server_with(*authority.certificate(tmp_path, name, days))) as one:
            target = ConnectionParameters(
                dialect, "d", NAME, one.port, "canary", "p", TlsMode.VERIFY_FULL, str(trusted.file), HERE
            )
            with pytest.raises(error):
                adapter_for(target).connect(5)
        assert (b"canary" in one.received) is (error is SignInRefused)


class TestFiles:
    def test_a_file_is_opened_below_the_folder_alone_and_never_made(self, tmp_path: Path) -> None:
        """TRUST 1.2, SQLite."""
        folder = tmp_path / "databases"
        folder.mkdir()
        (tmp_path / "outside.db").touch()
        (folder / "link.db").symlink_to(tmp_path / "outside.db")
        (folder / "hard.db").hardlink_to(tmp_path / "outside.db")
        away = (tmp_path / "outside.db", folder / "link.db", folder / "../outside.db", folder / "hard.db")
        for path in away:
            file = ConnectionParameters(Dialect.SQLITE, str(path), allowed=(str(folder),))
            with pytest.raises(AddressNotAllowed):
                adapter_for(file).connect(1)
        missing = ConnectionParameters(Dialect.SQLITE, str(folder / "new.db"), allowed=(str(folder),))
        with pytest.raises(ServerError):
            adapter_for(missing).connect(1)
        assert not (folder / "new.db").exists()

    def test_what_a_file_holds_reaches_no_other_file(self, tmp_path: Path) -> None:
        path = tmp_path / "shop.db"
        path.touch()
        file = ConnectionParameters(Dialect.SQLITE, str(path), allowed=(str(tmp_path),))
        with closing_connection(file, 1) as (adapter, connection):
            for function in ("load_extension", "fts3_tokenizer"):
                adapter.rows(connection, f"CREATE VIEW {function} AS SELECT {function}('x')")
                with pytest.raises(ServerError, match="unsafe use"):
                    adapter.rows(connection, f"SELECT * FROM {function}")
            for sql in (f"ATTACH '{tmp_path}/other.db' AS x", f"VACUUM INTO '{tmp_path}/other.db'"):
                with pytest.raises(ServerError, match="not allow"):
                    adapter.rows(connection, sql)
        assert not (tmp_path / "other.db").exists()

    def test_a_table_with_a_check_by_a_function_of_json_is_read_and_written(self, tmp_path: Path) -> None:
        """Some releases of SQLite think that harmful of them."""
        path = tmp_path / "shop.db"
        with sqlite3.connect(path) as made:
            made.execute("CREATE TABLE note (body text CHECK (json_valid(body)))")
            made.execute("CREATE INDEX note_kind ON note (json_extract(body, '$.kind'))")
        file = ConnectionParameters(Dialect.SQLITE, str(path), allowed=(str(tmp_path),))
        with closing_connection(file, 1) as (adapter, connection):
            adapter.rows(connection, "INSERT INTO note VALUES ('{}')")
            assert adapter.rows(connection, "SELECT count(*) FROM note") == [(1,)]
