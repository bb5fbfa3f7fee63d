"""Servers that are not what they say: one that never answers, and two that ask for what they must not get."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

Talk = Callable[[socket.socket], bytes]


class Imposter:
    """`port` to connect to; `received` is what it got in answer to its request."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.received = b""


@contextmanager
def silent_server() -> Iterator[int]:
    """The port of a server that takes connections and says nothing, like a firewall that drops packets."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@contextmanager
def imposter(talk: Talk) -> Iterator[Imposter]:
    """A server that says what `talk` says to each who connects, and keeps what they answer."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        one = Imposter(listener.getsockname()[1])

        def serve() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    client.settimeout(2)
                    with client, suppress(OSError):
                        one.received += talk(client)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield one
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def postgresql_without_tls_that_wants_the_password(client: socket.socket) -> bytes:
    """Answers N to the request for TLS, then asks for the password in clear text."""
    if client.recv(8)[4:] == struct.pack("!I", 80877103):
        client.sendall(b"N")
        client.recv(4096)
    client.sendall(b"R" + struct.pack("!II", 8, 3))
    return client.recv(4096)


def mysql_that_wants_a_file(client: socket.socket) -> bytes:
    """Lets anyone in, and answers the first statement after that by asking for a local file."""
    done = b"\x00\x00\x00\x02\x00\x00\x00"
    greet_mysql(client)
    read_packet(client)
    send_packet(client, 2, done)
    while read_packet(client).startswith((b"\x03SET NAMES", b"\x03SET AUTOCOMMIT")):  # the driver's own
        send_packet(client, 1, done)
    send_packet(client, 1, b"\xfb/etc/passwd")
    return client.recv(4096)


def mysql_that_wants_the_password(client: socket.socket) -> bytes:
    """Switches to the method in which the password is sent as it is."""
    greet_mysql(client)
    read_packet(client)
    send_packet(client, 2, b"\xfemysql_clear_password\x00")
    return client.recv(4096)


def greet_mysql(client: socket.socket, *, tls: bool = False) -> None:
    """Say what a MySQL server says first."""
    capabilities = 0x0008_A20F  # protocol 4.1, plugins, secure connection, database, local files
    capabilities |= 0x0800 if tls else 0
    send_packet(
        client,
        0,
        b"\x0a8.0.99\x00" + struct.pack("<I", 7) + b"saltsalt\x00"
        + struct.pack("<HBHHB", capabilities & 0xFFFF, 45, 2, capabilities >> 16, 21)
        + bytes(10) + b"saltsaltsalt\x00" + b"mysql_native_password\x00",
    )  # fmt: skip


def send_packet(client: socket.socket, number: int, payload: bytes) -> None:
    """Send one packet of the protocol."""
    client.sendall(struct.pack("<I", len(payload))[:3] + bytes([number]) + payload)


def read_packet(client: socket.socket) -> bytes:
    """What one packet holds; b"" when the other side is gone."""
    length = int.from_bytes(client.recv(4, socket.MSG_WAITALL)[:3], "little")
    return client.recv(length, socket.MSG_WAITALL)


def mysql_with_a_key_of_its_own(client: socket.socket) -> bytes:
    """Offers no TLS, wants the whole password, and hands out the key to encrypt it with."""
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = rsa.generate_private_key(65537, 2048).public_key()
    greet_mysql(client)
    read_packet(client)
    send_packet(client, 2, b"\xfecaching_sha2_password\x00" + b"s" * 20 + b"\x00")
    received = read_packet(client)
    send_packet(client, 4, b"\x01\x04")
    received += read_packet(client)
    send_packet(client, 6, b"\x01" + key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    return received + read_packet(client)


def postgresql_with(certificate: Path, key: Path) -> Talk:
    """Shows that certificate, and refuses whoever takes it."""

    def talk(client: socket.socket) -> bytes:
        client.recv(8)
        client.sendall(b"S")
        with _protected(client, certificate, key) as line:
            received = line.recv(4096)
            fields = b"SFATAL\0VFATAL\0C28P01\0Mpassword authentication failed\0\0"
            line.sendall(b"E" + struct.pack("!I", 4 + len(fields)) + fields)
            return received

    return talk


def mysql_with(certificate: Path, key: Path) -> Talk:
    """The same, as MySQL does it."""

    def talk(client: socket.socket) -> bytes:
        greet_mysql(client, tls=True)
        read_packet(client)
        with _protected(client, certificate, key) as line:
            received = line.recv(4096)
            send_packet(line, 3, b"\xff" + struct.pack("<H", 1045) + b"#28000no")
            return received

    return talk


def _protected(client: socket.socket, certificate: Path, key: Path) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context.wrap_socket(client, server_side=True)
