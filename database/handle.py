"""What an application holds in its hand: its database. Light until used, so that naming it costs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.settings import Settings
from database.adapters import closing_connection
from database.adapters.base import ServerVersion
from database.revisions import Revision, pending_revisions

if TYPE_CHECKING:
    from flask import Flask
    from flask_sqlalchemy.session import Session
    from sqlalchemy import Engine
    from sqlalchemy.orm import scoped_session

    from database.manager import InitReport


@dataclass(frozen=True)
class DatabaseStatus:
    """The database now: its `name`, what answers, the `revision` of its schema ("" for none), and the
    migrations it still lacks."""

    name: str
    version: ServerVersion
    revision: str
    pending: tuple[Revision, ...]


class Database:
    """The application's database. Holds nothing itself: each answer is of the application whose context is
    pushed, so that one object serves them all."""

    @property
    def settings(self) -> Settings:
        """The settings the application was bound with."""
        from database.context import current_settings

        return current_settings()

    @property
    def engine(self) -> Engine:
        """SQLAlchemy's engine, with the pool that the settings ask for."""
        from models import db

        return db.engine

    @property
    def session(self) -> scoped_session[Session]:
        """SQLAlchemy's session, the same as `db.session`; it ends with the application context."""
        from models import db

        return db.session

    def check_connection(self) -> ServerVersion:
        """Connect anew, see an answer, and say what answers. Raises ConnectionFailed and its kin."""
        settings = self.settings
        with closing_connection(settings.database, settings.db_connect_timeout) as (adapter, connection):
            adapter.ping(connection)
            return adapter.server_version(connection)

    def status(self) -> DatabaseStatus:
        """Connect anew and read the version and the revision. Raises SchemaTooNew, ConnectionFailed."""
        settings = self.settings
        with closing_connection(settings.database, settings.db_connect_timeout) as (adapter, connection):
            current = adapter.revisions(connection)
            version = adapter.server_version(connection)
        revision = current[-1] if current else ""
        return DatabaseStatus(settings.database.name, version, revision, pending_revisions(current))


db_manager = Database()


def init_database(app: Flask | None = None) -> InitReport:
    """Make the application's database ready: see `database.manager.init_database`."""
    from database import manager

    return manager.init_database(app)
