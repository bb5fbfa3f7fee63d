"""Where a backup or a restore is made: the database, the account that keeps its server, and with what."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from core.connection import ConnectionParameters
from core.progress import Operation
from database.adapters.backup import Means
from database.adapters.mysql.backup_session import Session, session_of
from database.adapters.mysql.flavour import Flavour


@dataclass(frozen=True)
class Site:
    """One database on one server."""

    database: ConnectionParameters = field(repr=False)
    keeper: ConnectionParameters = field(repr=False)
    means: Means
    flavour: Flavour

    def as_owner(self, op: Operation | None = None) -> AbstractContextManager[Session]:
        """A session in the database, as its own account."""
        return session_of(self.database, self.means, op)

    def as_keeper(self, op: Operation | None = None, name: str = "") -> AbstractContextManager[Session]:
        """A session of the keeper in the database of that name, or in none."""
        return session_of(self.keeper, self.means, op, name)
