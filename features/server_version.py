"""The version of the server behind a database."""

from __future__ import annotations

from core.connection import ConnectionParameters
from database.adapters import closing_connection

_TIMEOUT = 3.0  # seconds to connect
_PATIENCE = 1.0  # seconds for the answer


def read_server_version(database: ConnectionParameters) -> str:
    """Product and version, such as "PostgreSQL 16.14". Raises ConnectionFailed and its kin."""
    with closing_connection(database, _TIMEOUT) as (adapter, connection):
        adapter.answer_patience(connection, _PATIENCE)
        return str(adapter.server_version(connection))
