"""MySQL servers that let anyone in and then answer as no server does: for ever, byte by byte, nonsense."""

from __future__ import annotations

import socket
import struct
import time
from collections.abc import Callable

from tests.database.adapters.imposters import Talk, greet_mysql, read_packet, send_packet

Reply = Callable[[socket.socket], None]

_END_OF_ROWS = b"\xfe\x00\x00\x02\x00"
_MORE_TO_COME = b"\x00\x00\x00\x0a\x00\x00\x00"
_DONE = b"\x00\x00\x00\x02\x00\x00\x00"
_TEXT, _WHOLE_NUMBER = 0xFD, 8


def mysql_that_answers(**replies: Reply) -> Talk:
    """Gives `replies` to the statements that hold "version()", "current_user()", "sum(" (`total`); its word
    for all others is OK, and 1 for SELECT 1."""
    keys = {"version": b"version()", "account": b"current_user()", "total": b"sum("}
    known = {"version": rows_of(b"8.0.36"), "account": rows_of(b"u@%"), "total": rows_of(b"1234")}
    answers = [(keys[name], reply) for name, reply in (known | replies).items()]

    def talk(client: socket.socket) -> bytes:
        greet_mysql(client)
        read_packet(client)
        send_packet(client, 2, _DONE)
        while (statement := read_packet(client)) not in (b"", b"\x01"):
            reply = next((reply for key, reply in answers if key in statement.lower()), done)
            (rows_of(b"1", kind=_WHOLE_NUMBER) if statement == b"\x03SELECT 1" else reply)(client)
        return b""

    return talk


def done(client: socket.socket) -> None:
    """OK."""
    send_packet(client, 1, _DONE)


def rows_of(*values: bytes, kind: int = _TEXT) -> Reply:
    """One column and a row for each of the values."""

    def reply(client: socket.socket) -> None:
        _begin_rows(client, kind)
        for number, value in enumerate(values, 4):
            send_packet(client, number % 256, _text(value))
        send_packet(client, (4 + len(values)) % 256, _END_OF_ROWS)

    return reply


def rows_without_end(client: socket.socket) -> None:
    """Rows of 128 kB, until the other side has enough."""
    _begin_rows(client, _TEXT)
    number = 4
    while True:
        send_packet(client, number % 256, _text(b"A" * 2**17))
        number += 1


def answers_without_end(client: socket.socket) -> None:
    """One OK after another, each of which announces the next."""
    number = 1
    while True:
        send_packet(client, number % 256, _MORE_TO_COME)
        number += 1


def one_long_packet(client: socket.socket) -> None:
    """16 MB in one."""
    send_packet(client, 1, b"A" * (2**24 - 2))


def nonsense(client: socket.socket) -> None:
    """The number of columns should have two bytes, and has none."""
    send_packet(client, 1, b"\xfc")


def drip(client: socket.socket) -> None:
    """A packet of 100 kB, byte by byte."""
    client.sendall(struct.pack("<I", 100_000)[:3] + b"\x01")
    while True:
        client.sendall(b"\x01")
        time.sleep(0.05)


def mysql_that_drips_its_greeting(client: socket.socket) -> bytes:
    """Never comes to the end of the name of its version."""
    client.sendall(struct.pack("<I", 100_000)[:3] + b"\x00\x0a")
    while True:
        client.sendall(b"8")
        time.sleep(0.05)


def _begin_rows(client: socket.socket, kind: int) -> None:
    send_packet(client, 1, b"\x01")
    names = _text(b"def") + _text(b"") * 3 + _text(b"c") * 2
    send_packet(client, 2, names + b"\x0c" + struct.pack("<HIBHBH", 45, 1000, kind, 0, 0, 0))
    send_packet(client, 3, _END_OF_ROWS)


def _text(value: bytes) -> bytes:
    """With its length in front."""
    if len(value) < 251:
        return bytes([len(value)]) + value
    return b"\xfd" + struct.pack("<I", len(value))[:3] + value
