"""The connection strings that other programs want."""

from __future__ import annotations

from core.settings import Settings
from database.url import dsn_forms


def connection_strings(settings: Settings, *, reveal: bool) -> tuple[tuple[str, str], ...]:
    """(program, connection string) pairs for the application database, the password hidden unless
    `reveal`."""
    return tuple(dsn_forms(settings.database, reveal=reveal))
