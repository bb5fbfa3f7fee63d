"""What is written down of runs of migrations, on whatever database."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime

from sqlalchemy import inspect, select

from database.context import current_settings
from database.engine import explained
from database.transactions import transaction
from models import MigrationRun, db


@dataclass(frozen=True)
class RunFacts:
    """One run, as `MigrationRun` keeps it."""

    id: str
    database: str
    direction: str
    from_revision: str
    to_revision: str
    revisions: int
    plan_hash: str
    applied_by: str
    started_at: datetime
    state: str = "running"
    backup: str = ""
    seconds: float = 0.0
    fingerprint: str = ""
    health_before: str = ""
    health_after: str = ""


def has_table(name: str) -> bool:
    """True when our own database has that table: not before its revision, nor after its downgrade."""
    with explained(current_settings().database):
        return inspect(db.engine).has_table(name)


def is_current(name: str) -> bool:
    """True when it has that table with all the columns of this release: it may be older, or be migrated."""
    if not has_table(name):
        return False
    with explained(current_settings().database):
        there = {column["name"] for column in inspect(db.engine).get_columns(name)}
    return there >= set(db.metadata.tables[name].columns.keys())


def keep_run(run: RunFacts) -> None:
    """Write it down, or what became of it; where there is no table for it yet, or any more, nothing."""
    if has_table(MigrationRun.__tablename__):
        with transaction() as session:
            session.merge(MigrationRun(**asdict(run)))


def begun_run(id: str) -> RunFacts | None:
    """What an earlier attempt of that operation began; None when it began nothing, or it cannot be seen."""
    if not has_table(MigrationRun.__tablename__):
        return None
    with transaction() as session:
        row = session.get(MigrationRun, id)
        return _facts_of(row) if row else None


def list_runs(database: str, limit: int = 50) -> tuple[RunFacts, ...]:
    """The newest runs on that database. Needs an application context. Raises ServerError."""
    if not has_table(MigrationRun.__tablename__):
        return ()
    wanted = select(MigrationRun).where(MigrationRun.database == database)
    newest = wanted.order_by(MigrationRun.started_at.desc(), MigrationRun.id.desc()).limit(limit)
    with transaction() as session:
        return tuple(_facts_of(row) for row in session.scalars(newest))


def last_fingerprint(database: str) -> str:
    """The hash of the schema that the last run that succeeded left; "" without one."""
    runs = (run for run in list_runs(database) if run.state == "succeeded")
    return next((run.fingerprint for run in runs), "")


def _facts_of(row: MigrationRun) -> RunFacts:
    return RunFacts(**{field.name: getattr(row, field.name) for field in fields(RunFacts)})
