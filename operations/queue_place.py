"""Where rings go: one queue for each database of ours, in a file of its own or on a Redis."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from core.connection import ConnectionParameters
from core.errors import Unsupported
from core.redis_server import RedisServer
from core.settings import Settings
from database.adapters import adapter_for
from database.adapters.base import Capability

_INSTANCE = Path(__file__).resolve().parent.parent / "instance"


@dataclass(frozen=True)
class QueuePlace:
    """The queue `name` in `file`, or on `server` where there is one."""

    name: str
    file: Path
    server: RedisServer | None

    def __str__(self) -> str:
        return f"Redis at {self.server.place}" if self.server else f"the file {self.file}"


def queue_place(settings: Settings) -> QueuePlace:
    """The place for the application's database. Raises Unsupported for one in memory."""
    return place_of(settings.database, settings.redis)


def place_of(database: ConnectionParameters, server: RedisServer | None = None) -> QueuePlace:
    """The place for `database`. Raises Unsupported for one in memory, which no second connection sees."""
    if database.in_memory:
        raise Unsupported(
            "A database in memory has no queue.", hint="Name a file: DATABASE_URL=sqlite:///FILE.db"
        )
    path = _path(database)
    identity = f"sqlite:///{path}" if path else str(database)
    name = hashlib.sha256(identity.encode()).hexdigest()[:16]
    file = path.with_name(f"{path.stem}-queue.db") if path else _INSTANCE / f"queue-{name}.db"
    return QueuePlace(name, file, server)


def _path(database: ConnectionParameters) -> Path | None:
    """The file that holds `database`, one for every way to write it; None for a database on a server."""
    is_server = adapter_for(database).supports(Capability.SESSIONS)
    return None if is_server else Path(database.database).resolve()
