"""A PostgreSQL connection that can give up on a server that is there and says nothing: libpq by itself
waits for ever once the sign-in is over."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from psycopg2 import DataError
from psycopg2.extensions import connection, cursor

from database.adapters.answers import MISREADINGS
from database.adapters.deadline import hanging_up


class PatientConnection(connection):
    """Waits for each answer at most `patience` seconds, or for ever when it is None. A server that has not
    said all until then is hung up on, which the driver reports as a lost connection. That bounds what an
    answer may take of the memory, too: libpq knows no other bound."""

    patience: float | None = None

    def commit(self) -> None:
        with self.deadline():
            super().commit()

    def rollback(self) -> None:
        with self.deadline():
            super().rollback()

    @contextmanager
    def deadline(self) -> Iterator[None]:
        """Hang up when the block takes longer than `patience`."""
        if self.patience is None:
            yield
            return
        with hanging_up(self.patience, self.fileno()):
            yield


class PatientCursor(cursor):
    """A cursor of a PatientConnection."""

    connection: PatientConnection

    def execute(self, query: Any, vars: Any = None) -> None:
        with self.connection.deadline():
            super().execute(query, vars)

    def executemany(self, query: Any, vars_list: Any) -> None:
        with self.connection.deadline():
            super().executemany(query, vars_list)

    def fetchall(self) -> list[tuple[Any, ...]]:
        try:
            return super().fetchall()
        except MISREADINGS as error:
            raise DataError("The answer cannot be read.") from error
