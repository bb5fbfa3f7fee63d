"""The database as an application sees it: waited for at start, made when missing, asked how it is."""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.errors import (
    ConnectionFailed,
    DatabaseMissing,
    NoDatabase,
    ServerTimeout,
    SignInRefused,
    TargetBusy,
)
from core.progress import Operation
from core.settings import Settings
from core.text import plural
from database.adapters import closing_connection
from database.adapters.base import ServerVersion
from database.context import current_settings
from database.engine import explained
from database.files import make_database_file
from database.journal import AppliedRevision
from database.migrator import current_revisions, migrate
from database.revisions import Revision, pending_revisions
from database.schema_lock import schema_lock
from database.setup import make_schema
from models import db

if TYPE_CHECKING:
    from flask import Flask

APPLIED_BY = "start"

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class InitReport:
    """What `init_database` found or did: whether it `created` the schema, or `adopted` one that was there
    without a stamp; the `revision` it is at now ("" for none), the migrations still `pending`, and those that
    this call `applied` to a schema that was there, with the hash of their plan."""

    created: bool
    adopted: bool
    revision: str
    pending: tuple[Revision, ...]
    applied: tuple[AppliedRevision, ...] = ()
    plan_hash: str = ""


def init_database(app: Flask | None = None) -> InitReport:
    """Make the application's database ready, in an application context: wait for it, create a missing
    schema (AUTO_INIT), apply pending migrations (AUTO_MIGRATE) or log that they are there. Many processes
    may call it at once. Raises SchemaTooNew, SchemaFault, ServerError."""
    settings = current_settings(app)
    wait_for_database(settings)
    created = adopted = False
    applied: tuple[AppliedRevision, ...] = ()
    plan_hash = ""
    with explained(settings.database):
        if settings.auto_init and not _revisions():
            created, adopted = _make_schema(settings)
        elif _is_behind():
            _let_migrations_end(settings)
        if settings.auto_migrate and _is_behind():
            plan_hash = _announce(settings)
            applied = _migrate(settings)
        report = replace(_report(created, adopted), applied=applied, plan_hash=plan_hash)
    if not settings.database.in_memory:
        db.engine.dispose()  # a server that forks its workers must not share connections among them
    return report


def wait_for_database(settings: Settings) -> ServerVersion:
    """Connect, and again DB_MAX_RETRIES times every DB_RETRY_DELAY seconds while nobody answers; gives what
    answers. With AUTO_INIT a missing SQLite file is made. Raises SignInRefused, DatabaseMissing and
    NoDatabase at once, since waiting mends none of them, and ConnectionFailed or ServerTimeout after the last
    try."""
    if settings.auto_init:
        make_database_file(settings.database)
    for retries_left in range(settings.db_max_retries, 0, -1):
        try:
            return _greet(settings)
        except (SignInRefused, DatabaseMissing, NoDatabase):
            raise
        except (ConnectionFailed, ServerTimeout) as error:
            tries = plural(retries_left, "try")
            _log.warning("%s Next try in %g s, %s left.", error.message, settings.db_retry_delay, tries)
            time.sleep(settings.db_retry_delay)
    return _greet(settings)


def _greet(settings: Settings) -> ServerVersion:
    with closing_connection(settings.database, settings.db_connect_timeout) as (adapter, connection):
        adapter.ping(connection)
        return adapter.server_version(connection)


def _make_schema(settings: Settings) -> tuple[bool, bool]:
    """Create the schema, or complete and adopt one without a revision: (created, adopted)."""
    if settings.database.in_memory:
        _migrate(settings)
        return True, False
    before = make_schema(Operation(), settings.migration_database, applied_by=APPLIED_BY)
    if before.revisions:
        return False, False  # another process was first
    return not before.tables, bool(before.tables)


def _announce(settings: Settings) -> str:
    """Say what is about to be applied, and that nothing is backed up before; gives the hash of the plan."""
    from database.migration_planning import make_plan  # reads SQL, of no use to other starts

    plan = make_plan(settings.migration_database)
    count = plural(len(plan.revisions), "pending migration")
    _log.warning("AUTO_MIGRATE applies %s by plan %s; no backup is taken.", count, plan.short_hash)
    return plan.hash


def _migrate(settings: Settings) -> tuple[AppliedRevision, ...]:
    parameters = settings.migration_database
    if not settings.database.in_memory:
        return migrate(parameters, applied_by=APPLIED_BY)
    with db.engine.connect() as connection:
        return migrate(parameters, applied_by=APPLIED_BY, connection=connection)


def _is_behind() -> bool:
    current = _revisions()
    return bool(current and pending_revisions(current))


def _let_migrations_end(settings: Settings) -> None:
    """Another process may be on its way from revision to revision: wait for it, for some seconds at most."""
    with suppress(TargetBusy), schema_lock(settings.migration_database):
        pass


def _revisions() -> tuple[str, ...]:
    with db.engine.connect() as connection:
        return current_revisions(connection)


def _report(created: bool, adopted: bool) -> InitReport:
    current = _revisions()
    pending = pending_revisions(current)
    if pending:
        count = plural(len(pending), "migration")
        _log.warning("%s to apply: run migrate.py migrate.", count)
    return InitReport(created, adopted, current[-1] if current else "", pending)
