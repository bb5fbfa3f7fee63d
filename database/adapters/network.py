"""What the servers reached over a network have in common: an account, a deadline, names of limited length."""

from __future__ import annotations

import os
from abc import abstractmethod
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from core.errors import (
    AlreadyExists,
    AppError,
    ConnectionFailed,
    ConnectionTimeout,
    InvalidInput,
    LockTimeout,
    NotFound,
    ServerError,
    SignInRefused,
    TargetBusy,
)
from core.text import visible
from database.adapters.base import Adapter, Connection
from database.adapters.explanations import CHECK_ADDRESS, END_HOLDER, one_line, where
from database.adapters.waiting import within
from database.addresses import address_to_dial

# Without these a session waits for a lock for ever on PostgreSQL and for a day on MariaDB (TRUST fault d).
LOCK_PATIENCE = 5.0
LONG_TRANSACTION = 300  # seconds
APPLICATION = "basekeeper"

_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")


class NetworkAdapter(Adapter):
    """A server with accounts, reached over TCP."""

    name_limit: int

    def connect(self, timeout: float) -> Connection:
        if not self.parameters.user:
            # A driver would take the account of the machine instead, and sign in with that (TRUST C2).
            raise SignInRefused("No user is named.", hint="Add the user to the database's settings.")
        errors = self._connect_errors()
        try:
            connection = within(timeout, partial(self._dial, timeout), (*errors, AppError))
        except TimeoutError as error:
            message = f"{self.label} at {where(self.parameters)} did not answer within {timeout:g} s."
            raise ConnectionTimeout(message, hint=CHECK_ADDRESS) from error
        except errors as error:
            raise self._why_not_connected(error) from error
        self.answer_patience(connection, timeout)
        self.prepare(connection)
        self.answer_patience(connection, None)
        return connection

    def rows(self, connection: Connection, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        try:
            return super().rows(connection, sql, values)
        except LockTimeout as error:
            holders = self.lock_holders(connection)
            if not holders:
                raise
            message = f"{error.message} In open transactions: {'; '.join(holders)}."
            raise LockTimeout(message, hint=error.hint) from error.__cause__

    def lock_holders(self, connection: Connection) -> tuple[str, ...]:
        """Who may hold what `connection` waited for in vain: the other sessions with open transactions, five
        at most, as "session 12, psql, app@10.0.0.1". Empty when the server does not tell."""
        try:
            found = super().rows(connection, self._holders_question)
        except ServerError:
            return ()
        return tuple(", ".join(visible(str(part)) for part in row if part) for row in found)

    _holders_question: str

    def _why_not_connected(self, error: Exception) -> ServerError:
        if isinstance(error, self.driver_errors()):
            explained = self.explain(error)
            if type(explained) is not ServerError:
                return explained
        said = one_line(str(error))
        message = f"{self.label} at {where(self.parameters)} cannot be reached: {said}"
        return ConnectionFailed(message, hint=CHECK_ADDRESS)

    def _dial(self, timeout: float) -> Connection:
        return self._open(timeout, address_to_dial(self.parameters, timeout))

    @abstractmethod
    def _open(self, timeout: float, address: str) -> Connection:
        """A connection by the driver, to `address` where there is one, else to the host; runs in a thread
        of its own."""

    @abstractmethod
    def _connect_errors(self) -> tuple[type[Exception], ...]:
        """What the driver may raise while it connects."""

    def prepare(self, connection: Connection) -> None:
        self.lock_patience(connection, LOCK_PATIENCE)

    @abstractmethod
    def _length(self, name: str) -> int:
        """The length of `name` as the server counts it."""

    def check_new_name(self, name: str) -> str:
        """`name` when the server would keep it as it is. Raises InvalidInput for one that it would cut."""
        if self._length(name) > self.name_limit:
            raise InvalidInput(
                f'The name "{visible(name[:20])}..." is too long.',
                hint=f"{self.label} keeps {self.name_limit} {self._unit}.",
            )
        return name

    _unit = "characters"

    def _already_there(self, name: str) -> AlreadyExists:
        return AlreadyExists(f'The database "{visible(name)}" is there already.')

    def _not_there(self, name: str) -> NotFound:
        return NotFound(f'There is no database "{visible(name)}" on {where(self.parameters)}.')

    def lock_busy(self, name: str, *holder: str) -> TargetBusy:
        """`holder`: the session, its application, its account; none when it ended as we looked."""
        who = ", ".join(visible(part) for part in holder if part) or "a session that ended just now"
        return TargetBusy(f'The lock "{name}" is held by {who}.', hint=END_HOLDER)

    def _local_folder(self, folder: str) -> str | None:
        """`folder` as the server names it, when that is a folder of this machine that can be seen."""
        if self.parameters.host not in _LOCAL_HOSTS:
            return None
        return folder if os.access(folder, os.F_OK) and Path(folder).is_dir() else None


def check_identifier(identifier: str) -> str:
    """`identifier` when some quoting can carry it. Raises InvalidInput."""
    if not identifier:
        raise InvalidInput("A name is empty.")
    if "\0" in identifier or any("\ud800" <= char <= "\udfff" for char in identifier):
        raise InvalidInput(f'The name "{visible(identifier[:40])}" holds a character that no server takes.')
    return identifier
