"""A connection to our own database apart from the feature's session, and two ways to write on it: at once
or not at all, and patiently."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError, IntegrityError, SQLAlchemyError

from core.clock import monotonic
from core.connection import ConnectionParameters
from core.errors import ConnectionFailed, DatabaseMissing, LockTimeout, ServerError, SignInRefused
from database.adapters import adapter_for
from models import db

T = TypeVar("T")

PATIENCE = 10.0  # seconds an intent or an outcome waits for its turn
_LONGEST_PAUSE = 0.2
_HOPELESS = (SignInRefused, DatabaseMissing)


class OwnConnection:
    """One connection, made at the first write and taken out of the pool, so that its short patience reaches
    nobody else. Made in an application context, it may then be used by any one thread.

    An SQLite database in memory has a single connection, which cannot be taken out: there a commit here
    also keeps what the feature has not committed yet, so nothing is written while one runs. Use a file."""

    def __init__(self, parameters: ConnectionParameters) -> None:
        self.shared = parameters.in_memory
        self._adapter = adapter_for(parameters)
        self._engine = db.engine
        self._connection: Connection | None = None
        self._patience = -1.0

    def attempt(self, work: Callable[[Connection], T], patience: float) -> T:
        """Run `work` in one transaction that waits at most `patience` seconds for a lock (where the server
        counts whole seconds, one). Never connects, which could take long. Raises ServerError."""
        if self._connection is None:
            raise ConnectionFailed("The connection to our own database is lost.")
        try:
            return self._attempt(work, patience)
        except SQLAlchemyError as error:
            raise self._explain(error) from error

    def insist(self, work: Callable[[Connection], T], patience: float = PATIENCE) -> T:
        """Run `work` in one transaction, again and again for `patience` seconds when another session got in
        its way, or the server is being restarted. Raises ServerError."""
        deadline = monotonic() + patience
        pause = 0.005
        while True:
            try:
                return self._attempt(work, patience)
            except (SQLAlchemyError, ServerError) as error:
                reason = self._explain(error)
                if not _may_pass(error, reason) or monotonic() + pause > deadline:
                    raise reason from error
            time.sleep(pause * random.uniform(0.5, 1.5))
            pause = min(2 * pause, _LONGEST_PAUSE)

    def close(self) -> None:
        """Let the connection go."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(SQLAlchemyError):  # it may be broken already
                connection.close()

    def _attempt(self, work: Callable[[Connection], T], patience: float) -> T:
        try:
            return self._transact(self._open(patience), work)
        except DBAPIError as error:
            if error.connection_invalidated:
                self.close()
            raise
        except ConnectionFailed:
            self.close()
            raise

    def _transact(self, connection: Connection, work: Callable[[Connection], T]) -> T:
        transaction = connection.begin()
        try:
            result = work(connection)
            transaction.commit()
        except BaseException:
            # On a full disk taking back fails as well, and what it says must not hide the first error.
            try:
                transaction.rollback()
            except SQLAlchemyError:
                self.close()
            raise
        return result

    def _open(self, patience: float) -> Connection:
        if self._connection is None:
            self._connection = self._engine.connect()
            self._patience = -1.0
            if not self.shared:
                self._connection.detach()
        if self._patience != patience and not self.shared:
            # In a transaction of its own: a rollback would take the setting back with it.
            with self._connection.begin():
                raw: Any = self._connection.connection.dbapi_connection
                self._adapter.lock_patience(raw, patience)
            self._patience = patience
        return self._connection

    def _explain(self, error: SQLAlchemyError | ServerError) -> ServerError:
        if isinstance(error, ServerError):
            return error
        if isinstance(error, DBAPIError) and isinstance(error.orig, Exception):
            return self._adapter.explain(error.orig)
        return ServerError(f"The database could not be written: {type(error).__name__}.")


def _may_pass(error: Exception, reason: ServerError) -> bool:
    """True when the same transaction may go through a moment later: someone else was first or holds a lock,
    or the server is not there yet."""
    if isinstance(error, IntegrityError) or isinstance(reason, LockTimeout):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    return isinstance(reason, ConnectionFailed) and not isinstance(reason, _HOPELESS)
