"""The index by which parts of users' names are found, where the server can have one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from core.clock import monotonic
from core.connection import ConnectionParameters
from core.progress import Operation, operation
from database.adapters import adapter_for, closing_connection
from database.context import current_settings
from database.transactions import transaction
from models import User

_COLUMNS = ("username", "email", "name")
_GOOD_FOR = 60.0  # seconds that what was seen is believed


def has_part_index() -> bool:
    """True where such an index is there; as it was a minute ago at most. Needs an application context. Raises
    ServerError."""
    return _look(current_settings().database, int(monotonic() / _GOOD_FOR))


@operation("user.index_search", title="Index parts of users' names", target="search of users")
def index_search(op: Operation) -> None:
    """Make that index, while others go on. Raises Unsupported where the server has none, ServerError."""
    settings = current_settings()
    op.phase("Make the index")
    with closing_connection(settings.database, settings.db_connect_timeout) as (adapter, connection):
        adapter.index_parts(connection, User.__tablename__, _COLUMNS)
        op.note("Searches of three letters and more find parts of names.")
    _look.cache_clear()


@lru_cache(maxsize=8)
def _look(database: ConnectionParameters, _minute: int) -> bool:
    with transaction() as session:
        connection: Any = session.connection().connection.dbapi_connection
        return adapter_for(database).finds_parts(connection, User.__tablename__)
