"""SQLite, through Python's own sqlite3: a database is a file, and there is no server."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from core.connection import ConnectionParameters
from core.errors import ServerError, Unsupported
from core.text import size
from database.adapters.base import (
    Adapter,
    Capability,
    Connection,
    Probe,
    SchemaNames,
    ServerVersion,
    SessionInfo,
    TableSize,
    translated,
)
from database.adapters.network import LOCK_PATIENCE, check_identifier
from database.adapters.sqlite import catalogue, errors
from database.adapters.sqlite.files import file_lock, make_file, remove_file
from database.adapters.sqlite.foreign import check_inside, distrust

if TYPE_CHECKING:
    import sqlite3

_MEMORY = ":memory:"
_CHECKED_BELOW = 50_000_000
_JOURNALS = {"wal": "write-ahead log", "off": "no journal: a crash damages the file"}
_LARGE_WAL = 256_000_000
_STEPS_BETWEEN_LOOKS = 10_000


class SQLiteAdapter(Adapter):
    """One SQLite file, whose path is the database's name. A path is used as it is given; connecting never
    makes a file."""

    label = "SQLite"
    capabilities = frozenset({Capability.CREATE_DATABASE, Capability.TRANSACTIONAL_DDL})

    @property
    def maintenance(self) -> ConnectionParameters:
        return replace(self.parameters, database=_MEMORY)

    @property
    def _path(self) -> Path:
        # Links are followed, as SQLite follows them: a file has the same locks by whichever path one comes.
        return Path(os.path.realpath(self.parameters.database))

    def driver_errors(self) -> tuple[type[Exception], ...]:
        import sqlite3

        return (sqlite3.Error,)

    def connect(self, timeout: float) -> Connection:
        if self.parameters.allowed is not None:
            check_inside(self._path, self.parameters.allowed)
        if not self.parameters.in_memory:
            errors.check_file(self.parameters)
        with translated(self):
            connection = self._open(min(timeout, LOCK_PATIENCE))
        try:
            if self.parameters.is_registered:
                distrust(connection)
            self.prepare(connection)
        except ServerError:
            connection.close()
            raise
        return connection

    def prepare(self, connection: Connection) -> None:
        self.rows(connection, "PRAGMA foreign_keys = ON")
        # Only a first look into the file tells whether it is a database.
        self.rows(connection, "SELECT count(*) FROM sqlite_master")

    def _open(self, timeout: float) -> Connection:
        import sqlite3

        # As a URI the path's own ? # % are quoted, and mode=rw never makes a file.
        address = _MEMORY if self.parameters.in_memory else f"{self._path.as_uri()}?mode=rw"
        return sqlite3.connect(
            address, timeout=timeout, isolation_level=None, check_same_thread=False, uri=True
        )

    def explain(self, error: Exception) -> ServerError:
        return errors.explain(self.parameters, error)

    def ping(self, connection: Connection) -> None:
        if self.rows(connection, "SELECT 1 FROM (SELECT count(*) FROM sqlite_master)") != [(1,)]:
            raise ServerError("SQLite did not answer SELECT 1 with 1.")

    def server_version(self, connection: Connection) -> ServerVersion:
        text = str(self.rows(connection, "SELECT sqlite_version()")[0][0])
        return ServerVersion("SQLite", text, tuple(int(part) for part in text.split(".")))

    def quote(self, identifier: str) -> str:
        """A name may be empty here."""
        escaped = check_identifier(identifier).replace('"', '""') if identifier else ""
        return f'"{escaped}"'

    def list_databases(self, connection: Connection) -> tuple[str, ...]:
        """The file of this connection; none for one in memory."""
        rows = self.rows(connection, "PRAGMA database_list")
        return tuple(file for _, name, file in rows if name == "main" and file)

    def create_database(self, connection: Connection, name: str) -> None:
        """`name` is the path of the file, which only its owner can read. `connection` is not used."""
        created = SQLiteAdapter(replace(self.parameters, database=check_identifier(name)))
        try:
            make_file(created._path)
        except OSError as error:
            raise errors.explain_file(created.parameters, error) from error
        fresh = created.connect(LOCK_PATIENCE)
        try:
            # Readers and the one writer then do not wait for each other; the file remembers it.
            created.rows(fresh, "PRAGMA journal_mode = WAL")
        finally:
            fresh.close()

    def drop_database(self, connection: Connection, name: str) -> None:
        """`name` is the path of the file. Refuses a file that is no SQLite database."""
        path = Path(check_identifier(name))
        try:
            remove_file(path)
        except OSError as error:
            raise errors.explain_file(replace(self.parameters, database=name), error) from error

    def database_size(self, connection: Connection) -> int:
        """The file and its write-ahead log."""
        pages = self.rows(
            connection, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
        )
        return int(pages[0][0]) + self._wal_size()

    def _wal_size(self) -> int:
        wal = self._path.with_name(f"{self._path.name}-wal")
        return 0 if self.parameters.in_memory or not wal.exists() else wal.stat().st_size

    def table_sizes(self, connection: Connection, exact_below: int = 10_000) -> tuple[TableSize, ...]:
        return catalogue.table_sizes(self, connection, exact_below)

    def schema_names(self, connection: Connection) -> SchemaNames:
        return catalogue.schema_names(self, connection)

    def revisions(self, connection: Connection) -> tuple[str, ...]:
        there = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version'"
        if not self.rows(connection, there):
            return ()
        rows = self.rows(connection, "SELECT version_num FROM alembic_version ORDER BY 1")
        return tuple(number for (number,) in rows)

    def sessions(self, connection: Connection) -> tuple[SessionInfo, ...]:
        return ()

    def terminate(self, connection: Connection, session_id: int) -> None:
        raise Unsupported("SQLite has no sessions to end.", hint="End the process that uses the file.")

    def session_id(self, connection: Connection) -> None:
        return None

    def way_to_end(self, connection: Connection, timeout: float) -> Callable[[], None]:
        return cast("sqlite3.Connection", connection).interrupt

    def lock_patience(self, connection: Connection, seconds: float) -> None:
        milliseconds = max(0, round(seconds * 1000))
        self.rows(connection, f"PRAGMA busy_timeout = {milliseconds:d}")

    def answer_patience(self, connection: Connection, seconds: float | None) -> None:
        """There is no server that could hang."""

    def silence_limit(self, connection: Connection, seconds: float) -> None:
        """The lock goes with the process."""

    def statement_timeout(self, connection: Connection, seconds: float) -> None:
        driver = cast("sqlite3.Connection", connection)
        if not seconds:
            driver.set_trace_callback(None)
            driver.set_progress_handler(None, 0)
            return
        watch = _Stopwatch(seconds)
        driver.set_trace_callback(watch.start)
        driver.set_progress_handler(watch.over, _STEPS_BETWEEN_LOOKS)

    @contextmanager
    def native_lock(self, connection: Connection, name: str, patience: float) -> Iterator[None]:
        """A `flock` on a file beside the database; nothing in memory, where nobody else is."""
        if self.parameters.in_memory:
            yield
            return
        lock = self._path.with_name(f"{self._path.name}.{name.replace('/', '_')}.lock")
        with file_lock(lock, name, patience):
            yield

    def connection_limits(self, connection: Connection) -> None:
        return None

    def tls_state(self, connection: Connection) -> None:
        return None

    def data_folder(self, connection: Connection) -> str | None:
        return None if self.parameters.in_memory else str(self._path.parent)

    def probes(self, connection: Connection) -> tuple[Probe, ...]:
        checked = self.database_size(connection) < _CHECKED_BELOW
        return (self._journal(connection), *([self._integrity(connection)] if checked else []))

    def _journal(self, connection: Connection) -> Probe:
        mode, wal = self.rows(connection, "PRAGMA journal_mode")[0][0], self._wal_size()
        name = _JOURNALS.get(str(mode), f"{mode} journal")
        value = f"{name}, {size(wal)} not yet written back" if wal else name
        if wal < _LARGE_WAL:
            return Probe("journal", "healthy", value)
        return Probe("journal", "degraded", value, "End the process that has been reading for long.")

    def _integrity(self, connection: Connection) -> Probe:
        try:
            found = [str(row[0]) for row in self.rows(connection, "PRAGMA quick_check(5)")]
        except ServerError as error:
            found = [error.message]  # too damaged to be checked
        if found == ["ok"]:
            return Probe("integrity", "healthy", "no damage found")
        return Probe("integrity", "unhealthy", "; ".join(found), "The file is damaged: restore a backup.")


class _Stopwatch:
    """Started by each statement, looked at while it runs."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._end = time.monotonic() + seconds

    def start(self, statement: str) -> None:
        if not statement.startswith("--"):  # a trigger's own statements belong to the one that fired it
            self._end = time.monotonic() + self._seconds

    def over(self) -> int:
        return time.monotonic() > self._end
