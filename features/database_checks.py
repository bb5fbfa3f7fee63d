"""The chore that looks at each registered database once a minute, however many workers do it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
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


def check_databases(settings: Settings) -> int:
    """Look at each registered database whose last look is a minute old, and keep what was seen: version and
    size, or why it cannot be reached. Gives how many this worker looked at. Needs an application context.
    Raises ConnectionFailed, ServerError for the console's own database."""
    claims = [claim for id in _due() if (claim := _claim(id, settings))]
    if not claims:
        return 0
    with ThreadPoolExecutor(_THREADS, "basekeeper-check") as threads:
        answers = threads.map(_look, claims)
        for claim, answer in zip(claims, answers, strict=True):
            _keep(claim, answer)
    return len(claims)


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


def _look(claim: _Claim) -> Answer | AppError:
    try:
        return ask_database(claim.parameters)
    except AppError as error:  # its address is no longer allowed, or its driver is gone
        return error


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
