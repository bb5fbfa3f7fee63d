"""The state of the database at a glance: the verdict, the reasons for it, and the facts beneath."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import case, func, select

from core.actor import Role
from core.errors import AppError
from core.settings import Settings
from database.adapters import closing_connection
from database.adapters.waiting import within
from database.revisions import head_revision
from database.transactions import transaction
from features.console_checks import WELL, check_console
from features.health import Check, Status, check_health
from features.migrations import HistoryEntry, read_history
from features.reasons import Reason, reasons_of
from features.status import DatabaseStatus, read_status
from models import RegisteredDatabase

_PROBE_TIMEOUT = 3.0
_ANSWER_PATIENCE = 10.0  # seconds; longer than any of its questions may take
_DATABASES = 7  # that a panel shows


@dataclass(frozen=True)
class DatabaseLine:
    """A registered database as it was last seen: `message` says what was wrong, "" for nothing; `size` is in
    bytes, None while it is not known."""

    name: str
    environment: str
    state: str
    is_well: bool
    version: str
    size: int | None
    message: str


@dataclass(frozen=True)
class Databases:
    """The registered databases, those in trouble first and then by name; a few of `count`."""

    lines: tuple[DatabaseLine, ...]
    count: int


@dataclass(frozen=True)
class Overview:
    """`health_checks` are those that the command for health makes too, `console_checks` the console's own;
    `head` is the newest revision that this release knows; `history` the newest migrations applied, oldest
    first. Without all of our tables the console's own checks were not made, and nothing is said of other
    databases."""

    checked_at: datetime
    health_checks: tuple[Check, ...]
    console_checks: tuple[Check, ...]
    status: DatabaseStatus
    head: str
    history: tuple[HistoryEntry, ...]
    databases: Databases

    @property
    def checks(self) -> tuple[Check, ...]:
        """All that were made, in their order."""
        return self.health_checks + self.console_checks

    @property
    def has_tables(self) -> bool:
        """True when all our tables are there."""
        return _has_tables(self.health_checks)

    @property
    def passed(self) -> int:
        """How many checks found nothing."""
        return sum(check.status is Status.HEALTHY for check in self.checks)

    @property
    def verdict(self) -> str:
        """What is true now, in one sentence."""
        count = len(self.checks) - self.passed
        if not count:
            return "All is well"
        return f"{count} thing{'s need' if count > 1 else ' needs'} you"

    def reasons(self, reader: Role) -> tuple[Reason, ...]:
        """What needs somebody, beginning with the worst; empty when all is well."""
        return reasons_of(self.checks, len(self.status.pending), reader)


def read_overview(settings: Settings) -> Overview:
    """Look at the database and say how it is; ends within seconds even when a check hangs. Needs an
    application context. Raises ConnectionFailed and its kin when it does not answer, SchemaTooNew when it was
    migrated by a newer release."""
    timeout = min(_PROBE_TIMEOUT, settings.db_connect_timeout)
    status = read_status(settings.database, timeout, _ANSWER_PATIENCE)
    report = check_health(replace(settings, db_connect_timeout=timeout))
    has_tables = _has_tables(report.checks)
    return Overview(
        checked_at=report.timestamp,
        health_checks=report.checks,
        console_checks=check_console() if has_tables else (),
        status=status,
        head=head_revision(),
        history=read_history(),
        databases=_read_databases() if has_tables else Databases((), 0),
    )


def database_answers(settings: Settings) -> bool:
    """True when the database lets us in and answers, within 3 s."""
    timeout = min(_PROBE_TIMEOUT, settings.db_connect_timeout)

    def ask() -> bool:
        with closing_connection(settings.database, timeout) as (adapter, connection):
            adapter.answer_patience(connection, timeout)
            adapter.ping(connection)
        return True

    try:
        return within(timeout, ask, (AppError,))
    except (AppError, TimeoutError):
        return False


def _read_databases() -> Databases:
    row = RegisteredDatabase
    is_well = row.state.in_(WELL)
    query = (
        select(row.name, row.environment, row.state, is_well, row.version, row.size, row.message)
        .order_by(case((is_well, 1), else_=0), row.name)
        .limit(_DATABASES)
    )
    with transaction() as session:
        lines = tuple(DatabaseLine(*found) for found in session.execute(query))
        count = session.scalar(select(func.count()).select_from(row)) or 0
    return Databases(lines, count)


def _has_tables(checks: tuple[Check, ...]) -> bool:
    return any(check.name == "tables" and check.status is Status.HEALTHY for check in checks)
