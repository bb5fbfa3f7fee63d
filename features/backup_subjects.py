"""The databases that are backed up and restored, found by the name people call them."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.connection import ConnectionParameters
from core.naming import fold
from database.adapters.backup import BackupAdapter
from database.context import current_settings
from database.keepers import open_backup_adapter
from database.transactions import transaction
from features.database_rows import connection_of, find_row


@dataclass(frozen=True)
class Subject:
    """One database: `database_id` is that of its registration, None for the console's own. `parameters` are
    those of the account that may read all of it."""

    name: str
    database_id: str | None
    parameters: ConnectionParameters = field(repr=False)

    @property
    def is_own(self) -> bool:
        """True for the console's own."""
        return self.database_id is None

    def open_adapter(self) -> BackupAdapter:
        """Who backs it up and restores it, chosen by what answers there. Raises ConnectionFailed and its kin,
        ToolMissing, Unsupported for a database in memory."""
        return open_backup_adapter(self.parameters, current_settings())


def find_subject(name: str) -> Subject:
    """The console's own database, by the account that changes its schema and so owns it, or the registered
    one of that name. Needs an application context. Raises NotFound, CredentialsUnreadable."""
    settings = current_settings()
    if fold(name) == fold(settings.database.name):
        return Subject(settings.database.name, None, settings.migration_database)
    with transaction() as session:
        row = find_row(session, name)
        return Subject(row.name, row.id, connection_of(row, settings))
