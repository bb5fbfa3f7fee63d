"""The rows of registered databases: read into facts that hold no password, and into what connects."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from core.connection import ConnectionParameters
from core.database_fields import DatabaseFields, parameters_of
from core.errors import NotFound
from core.naming import fold
from core.settings import Settings
from core.text import visible
from database.transactions import DatabaseSession
from features.credentials import Keyring
from features.database_probe import Outcome
from models import RegisteredDatabase

UNKNOWN = "unknown"


@dataclass(frozen=True)
class DatabaseFacts:
    """One database and what was last seen of it. `state` is "unknown" or an `Outcome`; `message` says more
    where it is not well; `size` is in bytes. Of the password only whether there is one."""

    fields: DatabaseFields
    has_password: bool
    state: str = UNKNOWN
    checked_at: datetime | None = None
    version: str = ""
    size: int | None = None
    message: str = ""
    created_at: datetime | None = None
    created_by: str = ""
    is_own: bool = False
    id: str = ""

    @property
    def name(self) -> str:
        """The name people know it by."""
        return self.fields.name

    @property
    def is_reachable(self) -> bool:
        """True when the last look reached it."""
        return self.state == Outcome.REACHABLE


def facts_of(row: RegisteredDatabase) -> DatabaseFacts:
    """What may be shown of a row."""
    return DatabaseFacts(
        fields_of(row),
        bool(row.password),
        row.state,
        row.checked_at,
        row.version,
        row.size,
        row.message,
        row.created_at,
        row.created_by,
        id=row.id,
    )


def fields_of(row: RegisteredDatabase) -> DatabaseFields:
    """The fields as they were typed in."""
    return DatabaseFields(
        row.name,
        row.environment,
        row.dialect,
        row.database_name,
        row.host,
        row.port,
        row.account,
        row.tls_mode,
        row.tls_root_certificate,
    )


def write_fields(row: RegisteredDatabase, fields: DatabaseFields) -> None:
    """Let the row say what completed `fields` say, and nothing of what was seen before."""
    row.name, row.environment, row.dialect = fields.name, fields.environment, fields.dialect
    row.host, row.port, row.account = fields.host, fields.port, fields.account
    row.database_name, row.tls_mode = fields.database_name, fields.tls_mode
    row.tls_root_certificate = fields.tls_root_certificate


def password_of(row: RegisteredDatabase, keyring: Keyring) -> str:
    """The password in the clear; "" for none. Raises CredentialsUnreadable."""
    return keyring.decrypt(row.password, place_of(row.id))


def place_of(id: str) -> str:
    """Where the password of the row of that id is stored: one copied elsewhere does not decrypt there."""
    return f"{RegisteredDatabase.__tablename__}/{id}"


def connection_of(row: RegisteredDatabase, settings: Settings) -> ConnectionParameters:
    """How to connect to it. Raises CredentialsUnreadable."""
    return parameters_of(fields_of(row), password_of(row, Keyring(settings)), settings)


def find_row(session: DatabaseSession, name: str) -> RegisteredDatabase:
    """The row of that name. Raises NotFound."""
    wanted = fold(name)
    query = select(RegisteredDatabase).where(RegisteredDatabase.name == wanted)
    row = session.scalar(query) if visible(wanted) == wanted else None  # a NUL would be the driver's error
    if row is None:
        raise NotFound(
            f'There is no database "{visible(name[:80])}".',
            hint="List them: python manage_db.py database list",
        )
    return row
