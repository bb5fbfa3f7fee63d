"""What needs somebody, in words: the findings of the checks, worst first, each with what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from core.actor import Role
from core.text import plural
from features.health_report import Check, Status

_TITLES = {
    "connection": "The database answers slowly",
    "query": "The database answers slowly",
    "migrations": "Migrations are pending",
    "tables": "Tables are missing",
    "pool": "Connections run short",
    "data_disk": "The disk with the data is filling up",
    "backup_disk": "The disk with the backups is filling up",
    "backup": "No verified backup is new enough",
    "backups": "Backups are damaged, failed or too old",
    "worker": "No worker takes up what is queued",
    "databases": "Registered databases are in trouble",
    "indexes": "Indexes are missing",
    "audit": "The audit is not as it was written",
    "schema": "The schema is not as the models say",
}
_NAMES_FOLDER = ("data_disk", "backup_disk")  # their hints do


@dataclass(frozen=True)
class Reason:
    """One thing that needs somebody: the check that found it, what is so, why it was said, what to do in
    words, and the command that does it ("" for none)."""

    check: str
    what: str
    why: str
    mend: str
    command: str
    urgent: bool


def reasons_of(checks: Iterable[Check], pending: int, reader: Role) -> tuple[Reason, ...]:
    """The checks that found something, worst first, for a `reader`: only an admin is told folders of the
    server. `pending` migrations are counted in words."""
    order = list(Status)
    findings = [check for check in checks if check.status is not Status.HEALTHY]
    findings.sort(key=lambda check: order.index(check.status), reverse=True)
    return tuple(_reason(check, pending, reader) for check in findings)


def hint_for(check: Check, reader: Role) -> str:
    """What `reader` may be told to do."""
    hides = check.hint and check.name in _NAMES_FOLDER and not reader.includes(Role.ADMIN)
    return "An admin is told where." if hides else check.hint


def split_hint(hint: str) -> tuple[str, str]:
    """The words of a hint, and the command it ends with: "Apply them: python migrate.py migrate"."""
    words, found, command = hint.partition(": python ")
    return (f"{words}:", f"python {command}") if found else (hint, "")


def _reason(check: Check, pending: int, reader: Role) -> Reason:
    what = _TITLES.get(check.name, f"{check.name.replace('_', ' ').capitalize()} is {check.status}")
    if check.name == "migrations" and pending:
        what = f"{plural(pending, 'migration')} pending"
    if check.name == "databases" and check.value.startswith("1 of "):
        what = "A registered database is in trouble"
    mend, command = split_hint(hint_for(check, reader))
    urgent = check.status is Status.UNHEALTHY
    return Reason(check.name, what, _sentence(check.value), mend, command, urgent)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")
