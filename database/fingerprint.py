"""The hash of a live schema, whatever its tables: two are the same when the server prints the same."""

from __future__ import annotations

import hashlib

from core.connection import ConnectionParameters
from database.adapters import closing_connection
from database.adapters.base import translated
from database.adapters.schema_adapters import schema_adapter_for
from database.migration_log import LOG_TABLE
from database.revisions import VERSION_TABLE

_CONNECT_TIMEOUT = 30.0
_NOT_COUNTED = {VERSION_TABLE, LOG_TABLE}


def fingerprint(parameters: ConnectionParameters) -> str:
    """SHA-256 over every part of every table, in the server's words. Raises ConnectionFailed and its kin."""
    server = schema_adapter_for(parameters.dialect)
    with closing_connection(parameters, _CONNECT_TIMEOUT) as (adapter, connection), translated(adapter):
        tables = sorted(adapter.schema_names(connection).tables - _NOT_COUNTED)
        parts = server.parts(connection, tables) if tables else ()
    lines = sorted(f"{one.kind}\t{one.table}\t{one.name}\t{one.definition}" for one in parts)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
