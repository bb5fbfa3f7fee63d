"""Applies migrations: the one place that drives Alembic, under a lock, each revision with its own record."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.util import CommandError
from sqlalchemy import Connection

from core.connection import ConnectionParameters
from core.errors import AppError, Conflict, LockTimeout
from core.text import visible
from database.adapters import adapter_for, closing_connection
from database.adapters.base import Capability
from database.alembic_turns import alembic_turn
from database.context import current_settings
from database.differences import describe_differences
from database.engine import CONNECT_TIMEOUT, engine_url, explained, migration_engine
from database.journal import AppliedRevision, Journal, Listener, rewrite_history
from database.migration_failures import told_what_is_left
from database.migration_scripts import naming_of, read_scripts
from database.migration_watch import StatementWatch
from database.revisions import (
    BASE,
    LOCATION,
    Revision,
    find_target,
    known_revisions,
    position,
    target_position,
)
from database.schema_lock import PATIENCE, run_lock, schema_lock
from models import db

__all__ = [
    "AppliedRevision",
    "Listener",
    "current_revisions",
    "metadata_differences",
    "migrate",
    "migration_engine",
    "run_environment",
    "stamp",
]

LOCK_TRIES = 5
LOCK_PAUSE = 1.0  # seconds between them, more or less


def migrate(
    parameters: ConnectionParameters,
    target: str = "head",
    *,
    applied_by: str,
    on_step: Callable[[AppliedRevision], None] | None = None,
    listener: Listener | None = None,
    patience: float | None = PATIENCE,
    planned_from: str | None = None,
    statement_timeout: float = 0,
    location: Path = LOCATION,
    keeps_history: bool = True,
    connection: Connection | None = None,
) -> tuple[AppliedRevision, ...]:
    """Bring the database to `target` ("head", "base", "+N", "-N", a revision or the unique beginning of
    one) and give what was applied, in order; each step is committed before `on_step` hears of it.

    Waits `patience` seconds for the schema lock; None when the caller holds it. What was planned from the
    revision `planned_from`, "" for none, is refused where another run came first and went elsewhere. A lock
    within the database that is not to be had is tried for again, LOCK_TRIES times in all. `connection` is
    for a database in memory, which nobody else can open. Raises InvalidInput before anything else for a
    target that names nothing, then TargetBusy, Conflict, SchemaTooNew, MigrationError, ServerError; its hint
    says what is left."""
    known = known_revisions(location)
    goal = find_target(target, known)
    journal = Journal(applied_by, on_step, listener, keeps_history=keeps_history)
    with _session(parameters, patience, connection, statement_timeout) as session:
        here = position(current_revisions(session), known)
        there = target_position(goal, here, known)
        if planned_from is not None:
            _refuse_other_start(known, planned_from, here, there)
        _run_patiently(session, location, there, journal, parameters)
    return tuple(journal.applied)


def stamp(
    parameters: ConnectionParameters,
    revision: str = "head",
    *,
    applied_by: str,
    patience: float | None = PATIENCE,
    location: Path = LOCATION,
    connection: Connection | None = None,
) -> str:
    """Write down that the schema is at `revision` without running anything; migration_history follows.
    Gives the revision's id. Raises as `migrate` does."""
    known = known_revisions(location)
    goal = target_position(find_target(revision, known), 0, known)
    with _session(parameters, patience, connection) as session:
        context = MigrationContext.configure(session, opts=_options(parameters, None))
        position(context.get_current_heads(), known)
        context.stamp(read_scripts(location), known[goal - 1].id if goal else BASE)
        rewrite_history(session, known[:goal], applied_by)
        session.commit()
    return known[goal - 1].id if goal else ""


def current_revisions(connection: Connection) -> tuple[str, ...]:
    """The revisions the database says it is at; empty when it says none."""
    return tuple(MigrationContext.configure(connection).get_current_heads())


def metadata_differences(connection: Connection) -> tuple[str, ...]:
    """What `alembic check` finds between the live schema and the models, a line each. Blind to primary
    keys, the bodies of checks, precision and collation: database.comparison sees those."""
    from alembic.autogenerate import compare_metadata  # 18 ms, of no use to whoever migrates

    context = MigrationContext.configure(connection, opts=_COMPARISON)
    return describe_differences(compare_metadata(context, db.metadata))


def run_environment(environment: Any) -> None:
    """What migrations/env.py does for `flask --app app db ...`: the same lock, engine and records."""
    parameters = current_settings().migration_database
    journal = Journal("flask db")
    try:
        if environment.is_offline_mode():
            _configure(environment, url=engine_url(parameters), literal_binds=True)
        else:
            with _session(parameters, PATIENCE, None) as session:
                _configure(environment, connection=session, **_options(parameters, journal))
    except AppError as error:
        raise CommandError(str(error)) from error


def _configure(environment: Any, **options: Any) -> None:
    environment.configure(**options)
    with environment.begin_transaction():
        environment.run_migrations()


@contextmanager
def _session(
    parameters: ConnectionParameters,
    patience: float | None,
    connection: Connection | None,
    statement_timeout: float = 0,
) -> Iterator[Connection]:
    """A connection to migrate on, under the lock where `patience` is given."""
    with ExitStack() as stack:
        stack.enter_context(explained(parameters))
        if connection is not None:
            yield connection
            return
        if patience is not None:
            stack.enter_context(schema_lock(parameters, patience))
        engine = migration_engine(parameters, statement_timeout)
        stack.callback(engine.dispose)
        opened = stack.enter_context(engine.connect())
        raw: Any = opened.connection.dbapi_connection
        stack.enter_context(run_lock(parameters, raw, PATIENCE if patience is None else patience))
        yield opened


def _refuse_other_start(known: tuple[Revision, ...], planned_from: str, here: int, there: int) -> None:
    planned = position((planned_from,) if planned_from else (), known)
    if here not in (planned, there):
        now = known[here - 1].id if here else BASE
        raise Conflict(
            f"Another run was there meanwhile: the database is at {visible(now)} now, and this one was"
            f" planned from {visible(planned_from) or BASE}.",
            hint="Nothing was done. Look at the plan again: --dry-run.",
        )


def _run_patiently(
    session: Connection, location: Path, there: int, journal: Journal, parameters: ConnectionParameters
) -> None:
    """Go to the revision at that place; a lock that is not to be had is tried for again."""
    for left in range(LOCK_TRIES - 1, -1, -1):
        try:
            with explained(parameters):
                _run(session, location, there, journal, parameters)
            return
        except LockTimeout as error:
            session.rollback()
            error.message += _holders(parameters)
            if not left:
                raise
            pause = LOCK_PAUSE * (0.5 + random.random())
            journal.listener.waits(pause, error.message)
            time.sleep(pause)


def _holders(parameters: ConnectionParameters) -> str:
    """Who may hold the lock that was not to be had, as a sentence; nothing where the server does not tell."""
    with closing_connection(parameters, CONNECT_TIMEOUT) as (adapter, connection):
        found = adapter.lock_holders(connection)
    return f" In open transactions: {'; '.join(found)}." if found else ""


def _run(
    connection: Connection, location: Path, there: int, journal: Journal, parameters: ConnectionParameters
) -> None:
    known = known_revisions(location)
    here = position(current_revisions(connection), known)
    connection.rollback()  # else Alembic takes the transaction for someone else's, and leaves it open
    if there == here:
        return
    scripts = read_scripts(location)
    find = scripts._upgrade_revs if there > here else scripts._downgrade_revs
    revision = known[there - 1].id if there else BASE
    watch = journal.watch = _watch(connection, parameters, journal, known, here, upgrade=there > here)

    def steps(heads: Any, _context: Any) -> Iterator[Any]:
        return journal.follow(find(revision, heads))

    with (
        alembic_turn(None),
        watch.watching(),
        told_what_is_left(watch, parameters),
        EnvironmentContext(Config(), scripts, fn=steps) as environment,
    ):
        _configure(environment, connection=connection, **_options(parameters, journal, location))
    watch.close()


def _watch(
    connection: Connection,
    parameters: ConnectionParameters,
    journal: Journal,
    known: Sequence[Revision],
    here: int,
    *,
    upgrade: bool,
) -> StatementWatch:
    """Who looks at the statements of the run. Raises MigrationError when another was begun before it."""
    watch = StatementWatch(connection, parameters, journal.listener)
    if watch.log:
        first, direction = (known[here], "upgrade") if upgrade else (known[here - 1], "downgrade")
        watch.log.resume(first.id, direction, [one.id for one in known[:here]])
        connection.rollback()
    return watch


def _options(
    parameters: ConnectionParameters, journal: Journal | None, location: Path = LOCATION
) -> dict[str, Any]:
    """How Alembic is configured, by whatever way it is called."""
    return _COMPARISON | {
        "target_metadata": naming_of(location),
        "transaction_per_migration": True,
        "transactional_ddl": adapter_for(parameters).supports(Capability.TRANSACTIONAL_DDL),
        "on_version_apply": journal.record if journal else (),
    }


def _is_ours(name: str | None, kind: str, _parents: Any) -> bool:
    # Tables of others beside ours are none of our business.
    # An index of parts is made by hand where it is wanted (database/adapters/postgresql/trigrams.py).
    return name in db.metadata.tables if kind == "table" else not (name or "").startswith("parts_of_")


_COMPARISON: dict[str, Any] = {
    "target_metadata": db.metadata,
    "compare_type": True,
    "render_as_batch": True,
    "include_name": _is_ours,
    "autogenerate_plugins": ["alembic.autogenerate.*", "alembic.ext.checkconstraint_byname"],
}
