"""Sessions for backups and restores: in one database, ended by the operation's cancel, with every setting
pinned that a dump's text, a hash or a definition could hang on."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Lock
from typing import Any, cast

from core.connection import ConnectionParameters
from core.errors import ConnectionFailed, ServerError, ServerTimeout
from core.progress import Operation
from database.adapters import closing_connection
from database.adapters.backup import Means
from database.adapters.base import Connection
from database.adapters.mysql.adapter import MySQLAdapter

PASSING = (ConnectionFailed, ServerTimeout)  # errors that say nothing of what was asked
LARGEST_TEXT = 16 * 1024 * 1024  # bytes of the longest answer that a registered server may give
_PINNED = (
    "SET SESSION time_zone = '+00:00', sql_quote_show_create = 1, autocommit = 1, "
    "foreign_key_checks = 1, unique_checks = 1, sql_notes = 1",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
)
# Without it a GRANT to nobody makes an account without a password; MySQL has unlearnt that, and the word.
_SQL_MODES = {"MariaDB": "NO_AUTO_CREATE_USER"}
_CODECS = {"utf8mb3": "utf-8", "utf8": "utf-8", "utf8mb4": "utf-8", "latin1": "cp1252", "binary": "utf-8"}


@dataclass(frozen=True)
class Session:
    """A connection in autocommit, who explains its errors, and what ends it from another thread."""

    adapter: MySQLAdapter
    connection: Connection
    end: Callable[[], None]

    def rows(self, sql: str, values: tuple[object, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows of one statement, [] when it gives none."""
        return self.adapter.rows(self.connection, sql, values)

    def value(self, sql: str) -> Any:
        """What a statement gives that has one row with one value."""
        return self.adapter.value(self.connection, sql)

    def quote(self, name: str) -> str:
        """An identifier."""
        return self.adapter.quote(name)

    def variable(self, name: str) -> str:
        """A variable of the session in lower case; "" where the server has none of that name."""
        found = self.rows("SHOW SESSION VARIABLES WHERE variable_name = %s", (name,))
        return str(found[0][1]).lower() if found else ""

    def run_in(self, charset: str, sql: str) -> None:
        """Run a statement written in that character set of the server."""
        text: Any = sql.encode(codec_of(charset))  # the driver takes bytes as they are
        self.adapter.rows(self.connection, text)

    @contextmanager
    def ended_by(self, op: Operation) -> Iterator[None]:
        """A cancel of `op` ends this session while the block lasts, and no later: its number may be another's
        then. Raises OperationCancelled."""
        turn, over = Lock(), [False]

        def end_in_time() -> None:
            with turn:
                if not over[0]:
                    self.end()

        try:
            with op.ending(end_in_time):
                yield
        finally:
            with turn:
                over[0] = True


@contextmanager
def session_of(
    parameters: ConnectionParameters, means: Means, op: Operation | None = None, database: str | None = None
) -> Iterator[Session]:
    """A session in the database that the parameters name, or in another: "" is none. A cancel of `op` ends
    it. Raises ConnectionFailed and its kin, ToolMissing."""
    if database is not None:
        parameters = replace(parameters, database=database)
    with closing_connection(parameters, means.connect_timeout) as (adapter, connection):
        mine = cast(MySQLAdapter, adapter)
        if parameters.is_registered:
            cast(Any, connection).largest = LARGEST_TEXT
        for sql in _PINNED:
            mine.rows(connection, sql)
        mine.rows(connection, "SET SESSION sql_mode = %s", (_SQL_MODES.get(mine.label, ""),))
        mine.statement_timeout(connection, 0)
        session = Session(mine, connection, mine.way_to_end(connection, means.connect_timeout))
        if op is None:
            yield session
        else:
            with session.ended_by(op):
                yield session


def codec_of(charset: str) -> str:
    """How Python names that character set of the server; UTF-8 where it does not know it."""
    name = _CODECS.get(charset, charset)
    try:
        return codecs.lookup(name).name
    except LookupError:
        return "utf-8"


def database_exists(session: Session, name: str) -> bool:
    """True when the server has a database of exactly that name."""
    found = session.rows(
        "SELECT schema_name FROM information_schema.schemata WHERE schema_name = %s", (name,)
    )
    return bool(found)


def may(session: Session, sql: str) -> bool:
    """True when the account may ask that."""
    try:
        session.rows(sql)
    except ServerError:
        return False
    return True
