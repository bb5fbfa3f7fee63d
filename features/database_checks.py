"""The chore that looks at each registered database once a minute, however many workers do it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from queue import SimpleQueue
from threading import Thread
from typing import Any, cast

from sqlalchemy import CursorResult, or_, select, update

from core.clock import utc_now
from core.connection import ConnectionParameters
from core.errors import AppError
from core.settings import Settings
from database.transactions import transaction
from features.credentials import CredentialsUnreadable
from features.database_probe import Answer, Outcome, ask_database
from features.database_rows import UNKNOWN, connection_of
from features.database_tries import keep_answer
from models import RegisteredDatabase

EVERY = timedelta(minutes=1)
_EARLY = timedelta(seconds=5)  # a chore that comes round a little early is not turned away for a minute
_THREADS = 4


@dataclass(frozen=True)
class _Claim:
    """A database that this worker looks at, and the moment that says so in its row."""

    id: str
    at: datetime
    parameters: ConnectionParameters


_Answers = SimpleQueue[tuple[_Claim, Answer | AppError]]


def check_databases(settings: Settings) -> int:
    """Look at each registered database whose last look is a minute old, and keep what was seen: version and
    size, or why it cannot be reached. Gives how many this worker looked at. Needs an application context.
    Raises ConnectionFailed, ServerError for the console's own database."""
    answers: _Answers = SimpleQueue()
    begun = kept = 0
    for id in _due():
        if begun - kept == _THREADS:
            _keep(*answers.get())
            kept += 1
        if claim := _claim(id, settings):  # not before its turn: others may be slow, and its row says "now"
            # Unlike those of an executor, such a thread is not waited for when the process ends.
            Thread(target=_look, args=(claim, answers), name="basekeeper-check", daemon=True).start()
            begun += 1
    for _ in range(begun - kept):
        _keep(*answers.get())
    return begun


def _due() -> list[str]:
    with transaction() as session:
        return list(session.scalars(select(RegisteredDatabase.id).where(_is_due(utc_now()))))


def _claim(id: str, settings: Settings) -> _Claim | None:
    """Take the look at one database; None when another worker did, or when it cannot be looked at."""
    now = utc_now()
    mine = update(RegisteredDatabase).where(RegisteredDatabase.id == id, _is_due(now)).values(checked_at=now)
    with transaction() as session:
        if not cast(CursorResult[Any], session.execute(mine)).rowcount:
            return None
        row = session.get_one(RegisteredDatabase, id)
        try:
            return _Claim(id, row.checked_at or now, connection_of(row, settings))
        except CredentialsUnreadable as error:
            row.state, row.message = UNKNOWN, str(error)
            return None


def _is_due(at: datetime) -> Any:
    return or_(RegisteredDatabase.checked_at.is_(None), RegisteredDatabase.checked_at <= at - EVERY + _EARLY)


def _look(claim: _Claim, answers: _Answers) -> None:
    """Put one answer, whatever happens: a fault of our own is told by Python on standard error."""
    answer: Answer | AppError = Answer(Outcome.UNREACHABLE, is_file=not claim.parameters.host)
    try:
        answer = ask_database(claim.parameters)
    except AppError as error:  # its address is no longer allowed, or its driver is gone
        answer = error
    finally:
        answers.put((claim, answer))


def _keep(claim: _Claim, answer: Answer | AppError) -> None:
    """Write down what was seen, unless the row was changed or tried meanwhile."""
    with transaction() as session:
        row = session.get(RegisteredDatabase, claim.id, populate_existing=True)
        if row is None or row.checked_at != claim.at:
            return
        if isinstance(answer, Answer):
            keep_answer(row, answer)
        else:
            keep_answer(row, Answer(Outcome.UNREACHABLE))
            row.message = str(answer)
