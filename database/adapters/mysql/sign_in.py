"""How a MySQL or MariaDB connection is opened: every field said, no option file read, no file of ours given
away and no readable password sent (TRUST C2, C5)."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

from core.connection import ConnectionParameters, TlsMode
from core.errors import TlsFailed
from core.text import visible
from database.adapters.mysql.refusal import refuse_to_show
from database.adapters.network import APPLICATION

if TYPE_CHECKING:
    import pymysql

LARGEST_ANSWER = 2**20  # bytes, of a registered server: none that we ask for comes near it
_VERIFIED = (TlsMode.VERIFY_CA, TlsMode.VERIFY_FULL)
# The methods in which the password itself is sent.
_READABLE_METHODS = ("mysql_clear_password", "dialog")


def open_connection(
    parameters: ConnectionParameters, timeout: float, address: str = "", *, loading: bool = False
) -> pymysql.Connection[Any]:
    """A connection in autocommit; the handshake may take `timeout` seconds. `address` is dialled in place of
    looking the host up, whose name TLS checks all the same. One for `loading` sends rows of ours as if they
    were a file, and no file either."""
    from database.adapters.mysql.careful import CarefulConnection
    from database.adapters.mysql.infile import LoadingConnection

    connection = (LoadingConnection if loading else CarefulConnection)(
        host=parameters.host,
        port=parameters.port,
        user=parameters.user,
        password=parameters.password.encode(),  # as text it would have to be Latin-1
        database=parameters.database or None,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=max(1, timeout),
        program_name=APPLICATION,
        local_infile=loading,
        auth_plugin_map=_refused_methods(parameters),
        defer_connect=True,
        **_tls(parameters),
    )
    if parameters.tls_mode in (TlsMode.DEFAULT, TlsMode.PREFER):
        _encrypt_if_possible(connection)
    wait_for_answers(connection, max(1, timeout))
    connection.largest = LARGEST_ANSWER if parameters.is_registered else None
    connection.connect(_line(parameters, timeout, address) if address else None)
    wait_for_answers(connection, None)  # only the handshake is in a hurry: a statement may take long
    return connection


def wait_for_answers(connection: Any, seconds: float | None) -> None:
    """Let `connection` wait at most `seconds` for each answer, or for ever."""
    connection.patience = seconds
    # For what is no question, such as a ping. PyMySQL has no public way to say so.
    connection._read_timeout = connection._write_timeout = seconds


def _encrypt_if_possible(connection: Any) -> None:
    # PyMySQL insists on TLS when it is given a context, and has no public way to say otherwise.
    connection._ssl_required = False


def _line(parameters: ConnectionParameters, timeout: float, address: str) -> socket.socket:
    """PyMySQL looks the host up by itself, unless it is handed the line."""
    line = socket.create_connection((address, parameters.port), timeout)
    line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    line.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    return line


def _tls(parameters: ConnectionParameters) -> dict[str, Any]:
    mode = parameters.tls_mode
    if mode is TlsMode.DISABLE:
        return {"ssl_disabled": True}
    if mode not in _VERIFIED:
        return {"ssl": _trusting_anyone()}
    context = _trusting(parameters.tls_root_certificate)
    context.check_hostname = mode is TlsMode.VERIFY_FULL
    return {"ssl": context}


def _trusting_anyone() -> ssl.SSLContext:
    """What encrypts alone. It reads no certificates: those of a system take 50 ms, in which a connection to a
    server nearby is made ten times."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _trusting(authority: str) -> ssl.SSLContext:
    """What trusts the certificate authority in that file, or those of this system when it is ""."""
    try:
        return ssl.create_default_context(cafile=authority or None)
    except OSError as error:
        raise TlsFailed(
            f"The certificate authority {visible(authority)} cannot be read: {error.strerror or error}.",
            hint="Correct ssl_ca in the database's settings.",
        ) from error


def _refused_methods(parameters: ConnectionParameters) -> dict[str, Callable[[pymysql.Connection[Any]], Any]]:
    """Who cannot prove to be the server is not given a password that can be read; of registered ones
    nobody is."""
    proven = parameters.tls_mode in _VERIFIED and not parameters.is_registered
    return {} if proven else dict.fromkeys(_READABLE_METHODS, _Refusal)


class _Refusal:
    """What PyMySQL asks to answer a method that we do not want."""

    def __init__(self, connection: object) -> None: ...

    def authenticate(self, packet: object) -> NoReturn:
        refuse_to_show("the server asked for a readable password")
