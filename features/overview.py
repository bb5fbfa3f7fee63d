"""The state of the database at a glance: the verdict, the reasons for it, and the facts beneath."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.actor import Role
from core.errors import AppError
from core.settings import Settings
from core.text import plural
from database.adapters import closing_connection
from database.adapters.waiting import within
from database.revisions import head_revision
from features.health import Check, Status, check_health
from features.status import DatabaseStatus, read_status

_PROBE_TIMEOUT = 3.0
_ANSWER_PATIENCE = 10.0  # seconds; longer than any of its questions may take
_TITLES = {
    "connection": "The database answers slowly",
    "query": "The database answers slowly",
    "migrations": "Migrations are pending",
    "tables": "Tables are missing",
    "pool": "Connections run short",
    "data_disk": "The disk with the data is filling up",
    "backup_disk": "The disk with the backups is filling up",
}


@dataclass(frozen=True)
class Reason:
    """One thing that needs somebody: what is so, why it was said, what to do in words, and the command that
    does it ("" for none)."""

    what: str
    why: str
    mend: str
    command: str
    urgent: bool


@dataclass(frozen=True)
class Overview:
    """`reasons` is empty when all is well, and begins with the worst. `checks` are all that were made, in
    their order; `head` is the newest revision that this release knows."""

    checked_at: datetime
    reasons: tuple[Reason, ...]
    checks: tuple[Check, ...]
    status: DatabaseStatus
    head: str

    @property
    def passed(self) -> int:
        """How many checks found nothing."""
        return len(self.checks) - len(self.reasons)

    @property
    def verdict(self) -> str:
        """What is true now, in one sentence."""
        count = len(self.reasons)
        if not count:
            return "All is well"
        return f"{count} thing{'s need' if count > 1 else ' needs'} you"


def read_overview(settings: Settings, reader: Role = Role.VIEWER) -> Overview:
    """Look at the database and say how it is; only an admin is told folders of the server. Raises
    ConnectionFailed and its kin when it does not answer, SchemaTooNew when it was migrated by a newer
    release."""
    status = read_status(
        settings.database, min(_PROBE_TIMEOUT, settings.db_connect_timeout), _ANSWER_PATIENCE
    )
    report = check_health(settings)
    findings = [check for check in report.checks if check.status is not Status.HEALTHY]
    order = list(Status)
    findings.sort(key=lambda check: order.index(check.status), reverse=True)
    return Overview(
        checked_at=report.timestamp,
        reasons=tuple(_reason(check, status, reader) for check in findings),
        checks=report.checks,
        status=status,
        head=head_revision(),
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


def _reason(check: Check, status: DatabaseStatus, reader: Role) -> Reason:
    what = _TITLES.get(check.name, f"{check.name.replace('_', ' ').capitalize()} is {check.status}")
    if check.name == "migrations" and status.pending:
        what = f"{plural(len(status.pending), 'migration')} pending"
    names_folder = check.name in ("data_disk", "backup_disk") and not reader.includes(Role.ADMIN)
    mend, command = _split_hint("An admin is told where." if names_folder else check.hint)
    return Reason(what, _sentence(check.value), mend, command, check.status is Status.UNHEALTHY)


def _split_hint(hint: str) -> tuple[str, str]:
    # Hints that name a command end with it: "Apply them: python migrate.py migrate".
    words, found, command = hint.partition(": python ")
    return (f"{words}:", f"python {command}") if found else (hint, "")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")
