"""The file of a database that lives in one, made so that only its owner can read it."""

from __future__ import annotations

from pathlib import Path

from core.connection import ConnectionParameters
from core.errors import AlreadyExists
from database.adapters import adapter_for, closing_connection
from database.adapters.base import Capability


def make_database_file(parameters: ConnectionParameters) -> bool:
    """Make the database's file and its folder where it is to be a file and is not there; True when it was
    made. Raises ServerError when the folder does not allow it."""
    adapter = adapter_for(parameters)
    if parameters.in_memory or adapter.supports(Capability.SESSIONS) or Path(parameters.database).exists():
        return False
    with closing_connection(adapter.maintenance, 0) as (_, connection):
        try:
            adapter.create_database(connection, parameters.database)
        except AlreadyExists:
            return False  # another process was first
    return True
