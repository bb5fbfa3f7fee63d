"""Asking a database whether it can be reached: one of six answers, in our own words alone (TRUST C4)."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from enum import StrEnum
from functools import partial

from core.clock import monotonic
from core.connection import ConnectionParameters
from core.errors import (
    AppError,
    ConnectionTimeout,
    DatabaseMissing,
    PrivilegeMissing,
    ServerError,
    ServerTimeout,
    SignInRefused,
    TlsFailed,
)
from core.text import visible
from database.adapters import closing_connection
from database.adapters.answers import Implausible
from database.adapters.base import Adapter, Connection
from database.adapters.waiting import Ending, within

PATIENCE = 5.0  # seconds for one question
LIMIT = 15.0  # seconds for one database, however many questions it answers at the last moment
_VERSION_LENGTH = 100


class Outcome(StrEnum):
    """How an attempt to connect ended."""

    REACHABLE = "reachable"
    UNREACHABLE = "unreachable"
    SIGN_IN_REFUSED = "sign_in_refused"
    DATABASE_MISSING = "database_missing"
    TLS_FAILED = "tls_failed"
    TIMEOUT = "timeout"


@dataclass(frozen=True)
class Answer:
    """`version` such as "PostgreSQL 16.14", `size` in bytes and `seconds` until it was known, where it was
    reached."""

    outcome: Outcome
    version: str = ""
    size: int | None = None
    seconds: float = 0.0
    is_file: bool = False

    @property
    def message(self) -> str:
        """What it means and what to do, in one or two sentences; "" when it was reached."""
        words = _MESSAGES | _FILE_MESSAGES if self.is_file else _MESSAGES
        return words.get(self.outcome, "")


_MESSAGES = {
    Outcome.UNREACHABLE: "Nothing answers there as a database. Check the host, the port and the firewall.",
    Outcome.SIGN_IN_REFUSED: "The server refuses the account. Check its name, its password and its rights.",
    Outcome.DATABASE_MISSING: "There is no such database. Correct its name, or create it.",
    Outcome.TLS_FAILED: "No protected connection. Check the server's certificate and the TLS mode.",
    Outcome.TIMEOUT: "No answer in time. Check the host, the port and the firewall.",
}
_FILE_MESSAGES = {
    Outcome.UNREACHABLE: "There is no SQLite database that can be read. Check the file and its rights.",
    Outcome.DATABASE_MISSING: "There is no such file. Correct its path, or put it there.",
    Outcome.TIMEOUT: "The file is locked by another program. Try again when that has ended.",
}
_OUTCOMES = (
    ((SignInRefused, PrivilegeMissing), Outcome.SIGN_IN_REFUSED),
    ((DatabaseMissing,), Outcome.DATABASE_MISSING),
    ((TlsFailed,), Outcome.TLS_FAILED),
    ((ConnectionTimeout, ServerTimeout), Outcome.TIMEOUT),
)


def ask_database(
    parameters: ConnectionParameters, patience: float = PATIENCE, ending: Ending = nullcontext
) -> Answer:
    """Connect and look, giving up after `patience` seconds at each step and LIMIT in all; nothing is changed.
    `ending` is an operation's, whose cancel ends the wait. Raises AddressNotAllowed, ToolMissing."""
    try:
        return within(LIMIT, partial(_ask, parameters, patience), (AppError,), ending)
    except TimeoutError:
        return Answer(Outcome.TIMEOUT, is_file=not parameters.host)


def _ask(parameters: ConnectionParameters, patience: float) -> Answer:
    began, is_file = monotonic(), not parameters.host
    try:
        with closing_connection(parameters, patience) as (adapter, connection):
            adapter.answer_patience(connection, patience)
            adapter.statement_timeout(connection, patience)
            adapter.ping(connection)
            version = visible(str(adapter.server_version(connection)))[:_VERSION_LENGTH]
            size = _size(adapter, connection)
            return Answer(Outcome.REACHABLE, version, size, monotonic() - began, is_file)
    except ServerError as error:
        return Answer(_outcome_of(error), is_file=is_file)


def _size(adapter: Adapter, connection: Connection) -> int | None:
    try:
        return adapter.database_size(connection)
    except Implausible:
        return None


def _outcome_of(error: ServerError) -> Outcome:
    found = (outcome for kinds, outcome in _OUTCOMES if isinstance(error, kinds))
    return next(found, Outcome.UNREACHABLE)
