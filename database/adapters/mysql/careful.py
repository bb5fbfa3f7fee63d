"""A MySQL connection that trusts the server with nothing: no password under a key which it hands out (TRUST
C5), no more time, no more memory and no stranger answers than were agreed on."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn

from pymysql import OperationalError, connections
from pymysql.constants import CR

from database.adapters.answers import MISREADINGS
from database.adapters.deadline import hanging_up
from database.adapters.mysql.refusal import refuse_to_show

if TYPE_CHECKING:

    class Connection(connections.Connection[Any]):
        """What its stubs leave out."""

        _sock: socket.socket | None

        def _force_close(self) -> None: ...

        def _read_bytes(self, num_bytes: int) -> bytes: ...

else:  # only the stubs know of a type parameter
    Connection = connections.Connection


class CarefulConnection(Connection):
    """Waits for the whole of each answer at most `patience` seconds and takes at most `largest` bytes of it;
    None is no limit. Whoever goes beyond, and whoever cannot be understood, is hung up on: PyMySQL's own
    error of a lost connection."""

    patience: float | None = None
    largest: int | None = None
    _taken = 0

    def connect(self, sock: socket.socket | None = None) -> None:
        """Over `sock`, the sign-in within `patience`; without it PyMySQL dials, and only each answer of the
        sign-in is waited for so long."""
        with self._answer(sock):
            super().connect(sock)

    def query(self, sql: Any, unbuffered: bool = False) -> int:
        with self._answer(self._sock):
            return super().query(sql, unbuffered)

    def commit(self) -> None:
        with self._answer(self._sock):
            super().commit()

    def rollback(self) -> None:
        with self._answer(self._sock):
            super().rollback()

    def next_result(self, unbuffered: bool = False) -> NoReturn:
        """Nothing here asks for two answers at once, so there is no end to what a server may add."""
        self._hang_up(CR.CR_COMMANDS_OUT_OF_SYNC, "the server gave an answer that nobody asked for")

    @property
    def server_public_key(self) -> NoReturn:
        """PyMySQL asks for the key just before it sends the password, and only where there is no TLS."""
        refuse_to_show("without TLS the server's own key would have to be trusted")

    @server_public_key.setter
    def server_public_key(self, key: bytes | None) -> None:
        if key is not None:
            refuse_to_show("without TLS the server's own key would have to be trusted")

    @contextmanager
    def _answer(self, line: socket.socket | None) -> Iterator[None]:
        self._taken = 0
        patience = self.patience if line else None
        with hanging_up(patience, line.fileno() if line else -1) as late:
            try:
                yield
            except MISREADINGS as error:
                self._hang_up(CR.CR_MALFORMED_PACKET, "the answer cannot be read", error)
            except OperationalError as error:
                if late.is_set():
                    self._hang_up(CR.CR_SERVER_LOST, "the answer timed out", error)
                raise

    def _read_bytes(self, num_bytes: int) -> bytes:
        self._taken += num_bytes
        if self.largest is not None and self._taken > self.largest:
            self._hang_up(CR.CR_NET_PACKET_TOO_LARGE, "the answer is too long")
        return super()._read_bytes(num_bytes)

    def _hang_up(self, code: int, reason: str, cause: Exception | None = None) -> NoReturn:
        self._force_close()
        raise OperationalError(code, reason) from cause
