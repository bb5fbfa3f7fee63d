"""A MySQL connection that sends rows as if they were a file. It opens no file, whatever name the server asks
for (TRUST C5): it sends what it was given for this one statement, and nothing at any other time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pymysql import connections

from database.adapters.mysql.careful import CarefulConnection

if TYPE_CHECKING:

    class Result:
        """What the stubs leave out."""

        def __init__(self, connection: Any) -> None: ...

        def read(self) -> None: ...

        def _read_ok_packet(self, packet: Any) -> None: ...

        connection: Any

else:
    Result = connections.MySQLResult

_PIECE = 65_536  # bytes in one packet


class LoadingConnection(CarefulConnection):
    """`send` is what goes to a server that asks for a file, b"" is nothing."""

    send = b""

    def load(self, sql: str, content: bytes) -> tuple[int, int]:
        """Run a LOAD DATA LOCAL, and send `content` for its file; gives how many rows it put in, and how many
        warnings there were."""
        self.send = content
        try:
            touched = self.query(sql)
        finally:
            self.send = b""
        return touched, self._result.warning_count

    _result: Any

    def _read_query_result(self, unbuffered: bool = False) -> int:
        self._result = result = _LoadingResult(self)
        result.read()
        if result.server_status is not None:
            self.server_status = result.server_status
        return result.affected_rows


class _LoadingResult(Result):
    server_status: int | None
    affected_rows: int

    def _read_load_local_packet(self, first_packet: Any) -> None:
        line = self.connection
        content, line.send = line.send, b""
        if not content:  # nobody wanted to send one
            line._force_close()
            raise RuntimeError("the server asked for a file")
        for start in range(0, len(content), _PIECE):
            line.write_packet(content[start : start + _PIECE])
        line.write_packet(b"")
        self._read_ok_packet(line._read_packet())
