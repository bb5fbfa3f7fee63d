"""Sessions of a backup or a restore: named after the operation, ended by its cancel, with every setting
pinned that a dump's text, a hash or a name could hang on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass, replace
from typing import Any

from core.connection import ConnectionParameters
from core.errors import ServerError
from core.progress import Operation
from database.adapters.backup import Means
from database.adapters.base import Connection
from database.adapters.network import APPLICATION
from database.adapters.postgresql.adapter import PostgreSQLAdapter

# A database or an account may bring settings of its own: what decides a result is said by every session.
# Nothing that is not the server's own may be found by a bare name (TRUST section 1.2, search_path).
_PINNED = {
    "search_path": "pg_catalog, pg_temp",
    "role": "none",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "postgres",
    "extra_float_digits": "3",
    "bytea_output": "hex",
    "lc_monetary": "C",
    "quote_all_identifiers": "off",
    "row_security": "off",  # a policy that hides rows is an error and not a smaller table (TRUST B7)
    "default_transaction_read_only": "off",
    "default_transaction_isolation": "read committed",
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "idle_session_timeout": "0",
    "jit": "off",  # a plan for each table, run once
}
_SET = "pg_catalog.set_config(%s, %s, false)"


@dataclass(frozen=True)
class Session:
    """A connection in autocommit, and who explains its errors."""

    adapter: PostgreSQLAdapter
    connection: Connection

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The rows of one statement. Nothing is bound: names are quoted into it, and texts by `literal`, so
        that a % in either stays one."""
        return self.adapter.rows(self.connection, sql)

    def value(self, sql: str) -> Any:
        """What a statement gives that has one row with one value."""
        return self.adapter.value(self.connection, sql)

    def run(self, sql: str) -> None:
        """Run a statement that gives nothing."""
        self.adapter.rows(self.connection, sql)

    def quote(self, name: str) -> str:
        """An identifier."""
        return self.adapter.quote(name)

    def literal(self, text: str) -> str:
        """A text as the driver writes it into a statement."""
        with closing(self.connection.cursor()) as cursor:
            written: bytes = cursor.mogrify("%s", (text,))
        return written.decode()

    @property
    def major(self) -> int:
        """The server's major version."""
        return int(self.value("SELECT current_setting('server_version_num')::int / 10000"))

    @contextmanager
    def transaction(self, mode: str = "") -> Iterator[None]:
        """BEGIN in that mode, and COMMIT, or ROLLBACK when the block fails."""
        self.run(f"BEGIN {mode}")
        try:
            yield
        except BaseException:
            with suppress(ServerError):  # a lost connection has rolled back already
                self.run("ROLLBACK")
            raise
        self.run("COMMIT")


@contextmanager
def session_of(
    parameters: ConnectionParameters, means: Means, op: Operation | None = None, database: str = ""
) -> Iterator[Session]:
    """A session in that database, or in the one that the parameters name. A cancel of `op` ends it. Raises
    ConnectionFailed and its kin, ToolMissing."""
    adapter = PostgreSQLAdapter(replace(parameters, database=database or parameters.database))
    with closing(adapter.connect(means.connect_timeout)) as connection:
        pinned = [*_PINNED.items(), ("application_name", application_of(op))]
        values = [text for pair in pinned for text in pair]
        adapter.rows(connection, f"SELECT {', '.join([_SET] * len(pinned))}", values)
        end = adapter.way_to_end(connection, means.connect_timeout) if op else None
        with op.ending(end) if op and end else nullcontext():
            yield Session(adapter, connection)


def application_of(op: Operation | None) -> str:
    """What the server's list of sessions says of who is there (TRUST section 4.1)."""
    return f"{APPLICATION}:{op.id}" if op else APPLICATION


@contextmanager
def maintenance_session(
    parameters: ConnectionParameters, means: Means, op: Operation | None = None, beside: str = ""
) -> Iterator[Session]:
    """A session in which databases are made, renamed and dropped: in another one than `beside`."""
    place = "template1" if beside == "postgres" else "postgres"
    with session_of(parameters, means, op, place) as session:
        yield session
