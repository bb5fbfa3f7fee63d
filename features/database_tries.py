"""Trying a registered database now: how often one person may, and what was seen (TRUST C4)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select

from core.actor import Role
from core.clock import utc_now
from core.errors import AppError, Conflict
from core.progress import Operation, operation
from database.context import current_settings
from database.transactions import transaction
from features.database_probe import Answer, Outcome, ask_database
from features.database_rows import connection_of, find_row
from models import OperationRecord, RegisteredDatabase

LIMIT = 20  # in a minute, by one person
_MINUTE = timedelta(minutes=1)
_KINDS = ("database.add", "database.change", "database.test")


class TooManyTests(AppError):
    """20 connections were tried within a minute."""

    code = "too_many_tests"
    http_status = 429
    hint = "Wait a minute."


class NotReachable(Conflict):
    """The database cannot be reached."""

    code = "not_reachable"

    def __init__(self, answer: Answer, file: str = "", *, hint: str = "") -> None:
        looked = f" Looked for: {file}" if file else ""
        super().__init__(f"{answer.message}{looked}", hint=hint)
        self.answer = answer


@operation(
    "database.test", title="Test the connection to {name}", target="connection to {name}", role=Role.OPERATOR
)
def try_connection(op: Operation, name: str, *, tried_by: str) -> Answer:
    """Connect to the registered database of that name and keep what was seen. Raises NotReachable, NotFound,
    TooManyTests, AddressNotAllowed, CredentialsUnreadable."""
    count_try(tried_by)
    with transaction() as session:
        row = find_row(session, name)
        id, parameters = row.id, connection_of(row, current_settings())
    answer = ask_database(parameters, ending=op.ending)
    with transaction() as session:
        if found := session.get(RegisteredDatabase, id):
            keep_answer(found, answer)
    note_answer(op, name, answer)
    if answer.outcome is not Outcome.REACHABLE:
        raise NotReachable(answer)
    return answer


def note_answer(op: Operation, name: str, answer: Answer) -> None:
    """Write into the log what was seen."""
    seen = answer.version or f"not reachable: {answer.outcome.replace('_', ' ')}"
    op.note(f"{name} is {seen}.")


def count_try(person: str) -> None:
    """Raises TooManyTests for more than 20 tries within a minute, that one included. The operations are the
    count, which all workers share: each was recorded before it comes here."""
    tries = select(func.count()).where(
        OperationRecord.kind.in_(_KINDS),
        OperationRecord.actor == person,
        OperationRecord.created_at > utc_now() - _MINUTE,
    )
    with transaction() as session:
        if (session.scalar(tries) or 0) > LIMIT:
            raise TooManyTests()


def keep_answer(row: RegisteredDatabase, answer: Answer) -> None:
    """Let the row say what was seen now. A size that was measured before stays."""
    row.state, row.checked_at, row.message = answer.outcome, utc_now(), answer.message
    row.version = answer.version or row.version or ""
    row.size = row.size if answer.size is None else answer.size
