"""Where Huey keeps the rings that wait: a file, or a list on a Redis. The same ring waits once."""

from __future__ import annotations

import os
import sqlite3
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from huey.storage import BaseStorage, RedisStorage, SqliteStorage

from core.errors import ToolMissing
from core.redis_server import RedisServer
from operations.queue_place import QueuePlace

if TYPE_CHECKING:
    from redis import ConnectionPool

_TIMEOUT = 3.0  # seconds; longer than the second that a worker lets Redis wait for a ring
_BUSY = 2.0  # seconds that a file may be held by another


def open_store(place: QueuePlace) -> BaseStorage:
    """The store at `place`; connects when first used. Raises ToolMissing without the Redis client."""
    return _Redis(place.name, place.server) if place.server else _File(place)


class _File(SqliteStorage):  # type: ignore[misc]
    """A file that only its owner reads. It is made again when somebody took it away, or whoever listens would
    go on listening to a file without a name."""

    def __init__(self, place: QueuePlace) -> None:
        self._path = place.file
        self._seen: tuple[int, int] | None = None
        self._conn: Any = None
        # Without a journal of its own beside it: the file may be deleted at any time.
        super().__init__(
            place.name, str(place.file), cache_mb=0, journal_mode="delete", timeout=_BUSY, create_tables=False
        )

    @property
    def conn(self) -> Any:
        """The connection to the file of that name."""
        if self._conn is not None and self._seen != self._identity():
            self._conn.close()
            self._conn = None
        return super().conn

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        """Put a ring in, unless it waits already."""
        waiting = "select 1 from task where queue = ? and data = ?"
        statement = f"insert into task (queue, data) select ?, ? where not exists ({waiting})"
        self.sql(statement, (self.name, data, self.name, data), commit=True)

    def _create_connection(self) -> sqlite3.Connection:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
        self._seen = self._identity()
        connection: sqlite3.Connection = super()._create_connection()
        for statement in (self.table_task, self.index_task):
            connection.execute(statement)
        return connection

    def _identity(self) -> tuple[int, int] | None:
        with suppress(FileNotFoundError):
            found = self._path.stat()
            return found.st_dev, found.st_ino
        return None


class _Redis(RedisStorage):  # type: ignore[misc]
    """A list on a Redis, which lets a worker wait for the next ring."""

    def __init__(self, name: str, server: RedisServer) -> None:
        super().__init__(name, connection_pool=_pool(server))

    def enqueue(self, data: bytes, priority: float | None = None) -> None:
        """Put a ring in, unless it waits already."""
        if self.conn.lpos(self.queue_key, data) is None:
            super().enqueue(data)

    def close(self) -> None:
        """Let the connections go; the next use makes new ones."""
        self.pool.disconnect()


def _pool(server: RedisServer) -> ConnectionPool:
    try:
        from redis import Connection, ConnectionPool, SSLConnection
        from redis.backoff import NoBackoff
        from redis.retry import Retry
    except ModuleNotFoundError as error:
        hint = "Run: python -m pip install -r requirements-redis.txt"
        raise ToolMissing("REDIS_URL is set, but the Redis client is not installed.", hint=hint) from error
    return ConnectionPool(
        SSLConnection if server.tls else Connection,
        host=server.host,
        port=server.port,
        db=server.number,
        username=server.user or None,
        password=server.password or None,
        socket_timeout=_TIMEOUT,
        socket_connect_timeout=_TIMEOUT,
        retry=Retry(NoBackoff(), 0),  # whoever rings does not wait, whoever listens asks again by himself
    )


def _redis_errors() -> tuple[type[Exception], ...]:
    try:
        from redis import RedisError
    except ModuleNotFoundError:
        return ()
    return (RedisError,)


OUTAGES: tuple[type[Exception], ...] = (sqlite3.Error, OSError, ToolMissing, *_redis_errors())
