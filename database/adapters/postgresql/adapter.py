"""PostgreSQL, through psycopg2."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from core.connection import ConnectionParameters
from core.errors import NotFound, PrivilegeMissing, ServerError, ServerTimeout, TargetBusy, ToolMissing
from database.adapters.answers import whole
from database.adapters.base import (
    Capability,
    Connection,
    ConnectionLimits,
    Probe,
    SchemaNames,
    ServerVersion,
    SessionInfo,
    TableSize,
    TlsState,
    fetch_all,
    translated,
)
from database.adapters.network import APPLICATION, NetworkAdapter, check_identifier
from database.adapters.postgresql import catalogue, errors, trigrams, watch
from database.adapters.postgresql.sign_in import conninfo
from database.adapters.waiting import keep_trying

if TYPE_CHECKING:
    from database.adapters.postgresql.deadline import PatientConnection

_END_PATIENCE = 5.0

# The key of a lock is derived by the server from the name; PostgreSQL keeps it apart for each database.
_KEY = "pg_catalog.hashtextextended('basekeeper:' || %s, 0)"
_TRY_LOCK = f"SELECT pg_catalog.pg_try_advisory_lock({_KEY})"
_UNLOCK = f"SELECT pg_catalog.pg_advisory_unlock({_KEY})"
_HOLDER = f"""
    SELECT l.pid, coalesce(a.application_name, ''), coalesce(a.usename, ''), coalesce(host(a.client_addr), '')
    FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
      AND (l.classid::bigint << 32 | l.objid::bigint) = {_KEY}
"""
# Of other accounts' sessions only the first few columns are shown to those without pg_read_all_stats.
_IS_CLIENT = "coalesce(backend_type, 'client backend') = 'client backend' AND usesysid IS NOT NULL"
_SESSIONS = f"""
    SELECT pid, coalesce(usename, ''), coalesce(datname, ''), coalesce(application_name, ''),
           coalesce(state, ''),
           coalesce(extract(epoch FROM clock_timestamp()
                    - CASE WHEN state = 'active' THEN query_start ELSE state_change END), 0)::float
    FROM pg_catalog.pg_stat_activity
    WHERE {_IS_CLIENT} AND pid <> pg_catalog.pg_backend_pid()
    ORDER BY pid
"""
_ALIVE = f"SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = %s AND {_IS_CLIENT}"
_HOLDERS = """
    SELECT DISTINCT 'session ' || a.pid, a.application_name,
                    a.usename || coalesce('@' || host(a.client_addr), '')
    FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.granted AND l.locktype = 'relation' AND l.relation >= 16384
      AND a.pid <> pg_catalog.pg_backend_pid()
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    ORDER BY 1 LIMIT 5
"""
_DATABASES = """
    SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname
"""
_LIMITS = """
    SELECT pg_catalog.current_setting('max_connections')::int,
           (SELECT sum(numbackends)::int FROM pg_catalog.pg_stat_database)
"""
# A view, or a table with policies, would run its owner's functions as whoever reads it (TRUST D5).
_IS_VERSION_TABLE = """
    SELECT 1 FROM pg_catalog.pg_class
    WHERE oid = pg_catalog.to_regclass('alembic_version') AND relkind = 'r' AND NOT relrowsecurity
"""
_TLS = "SELECT ssl, coalesce(version, '') FROM pg_catalog.pg_stat_ssl WHERE pid = pg_catalog.pg_backend_pid()"


class PostgreSQLAdapter(NetworkAdapter):
    """One PostgreSQL database. Names are looked up in the first schema of the search path."""

    label = "PostgreSQL"
    name_limit = 63
    _unit = "bytes"
    _holders_question = _HOLDERS
    capabilities = frozenset(Capability)

    @property
    def maintenance(self) -> ConnectionParameters:
        return replace(self.parameters, database="postgres")

    def driver_errors(self) -> tuple[type[Exception], ...]:
        try:
            import psycopg2
        except ImportError as error:
            raise ToolMissing(
                "psycopg2 is not installed.", hint="Run: pip install psycopg2-binary"
            ) from error
        return (psycopg2.Error,)

    def _connect_errors(self) -> tuple[type[Exception], ...]:
        return (*self.driver_errors(), ValueError)

    def _open(self, timeout: float, address: str) -> Connection:
        import psycopg2

        from database.adapters.postgresql.deadline import PatientConnection, PatientCursor

        connection = psycopg2.connect(
            conninfo(self.parameters, timeout, APPLICATION, address),
            connection_factory=PatientConnection,
            cursor_factory=PatientCursor,
        )
        connection.autocommit = True
        return connection

    def explain(self, error: Exception) -> ServerError:
        return errors.explain(self.parameters, error)

    def ping(self, connection: Connection) -> None:
        if self.rows(connection, "SELECT 1") != [(1,)]:
            raise ServerError("PostgreSQL did not answer SELECT 1 with 1.")

    def server_version(self, connection: Connection) -> ServerVersion:
        said = str(self.value(connection, "SELECT pg_catalog.current_setting('server_version')"))
        text = said[:20].partition(" ")[0]
        return ServerVersion("PostgreSQL", text, tuple(int(number) for number in re.findall(r"\d+", text)))

    def quote(self, identifier: str) -> str:
        escaped = check_identifier(identifier).replace('"', '""')
        return f'"{escaped}"'

    def _length(self, name: str) -> int:
        return len(check_identifier(name).encode())

    def list_databases(self, connection: Connection) -> tuple[str, ...]:
        return tuple(name for (name,) in self.rows(connection, _DATABASES))

    def create_database(self, connection: Connection, name: str) -> None:
        from psycopg2.errors import DuplicateDatabase, UniqueViolation

        quoted = self.quote(self.check_new_name(name))
        with translated(self):
            try:
                fetch_all(connection, f"CREATE DATABASE {quoted} TEMPLATE template0 ENCODING 'UTF8'")
            except (DuplicateDatabase, UniqueViolation) as error:
                raise self._already_there(name) from error

    def drop_database(self, connection: Connection, name: str) -> None:
        """Ends the sessions in it first."""
        from psycopg2.errors import InvalidCatalogName

        quoted = self.quote(self.check_new_name(name))
        with translated(self):
            try:
                fetch_all(connection, f"DROP DATABASE {quoted} WITH (FORCE)")
            except InvalidCatalogName as error:
                raise self._not_there(name) from error

    def database_size(self, connection: Connection) -> int:
        sql = "SELECT pg_catalog.pg_database_size(pg_catalog.current_database())"
        return whole(self.value(connection, sql))

    def table_sizes(self, connection: Connection, exact_below: int = 10_000) -> tuple[TableSize, ...]:
        return catalogue.table_sizes(self, connection, exact_below)

    def schema_names(self, connection: Connection) -> SchemaNames:
        return catalogue.schema_names(self, connection)

    def revisions(self, connection: Connection) -> tuple[str, ...]:
        if not self.rows(connection, _IS_VERSION_TABLE):
            return ()
        rows = self.rows(connection, "SELECT version_num FROM alembic_version ORDER BY 1")
        return tuple(number for (number,) in rows)

    def sessions(self, connection: Connection) -> tuple[SessionInfo, ...]:
        return tuple(SessionInfo(*row) for row in self.rows(connection, _SESSIONS))

    def terminate(self, connection: Connection, session_id: int) -> None:
        def gone() -> bool:
            return not self.rows(connection, _ALIVE, (session_id,))

        if gone():
            raise NotFound(f"There is no session {session_id}.")
        self.rows(connection, "SELECT pg_catalog.pg_terminate_backend(%s)", (session_id,))
        if not keep_trying(_END_PATIENCE, gone):
            raise ServerTimeout(f"Session {session_id} was told to end and has not.")

    def session_id(self, connection: Connection) -> int:
        return int(self.rows(connection, "SELECT pg_catalog.pg_backend_pid()")[0][0])

    def lock_patience(self, connection: Connection, seconds: float) -> None:
        # 0 would mean for ever.
        self._set(connection, "lock_timeout", max(1, round(seconds * 1000)))

    def answer_patience(self, connection: Connection, seconds: float | None) -> None:
        cast("PatientConnection", connection).patience = seconds

    def silence_limit(self, connection: Connection, seconds: float) -> None:
        self._set(connection, "idle_in_transaction_session_timeout", round(seconds * 1000))

    def finds_parts(self, connection: Connection, table: str) -> bool:
        return trigrams.is_there(self, connection, table)

    def index_parts(self, connection: Connection, table: str, columns: Sequence[str]) -> None:
        trigrams.make(self, connection, table, columns)

    def statement_timeout(self, connection: Connection, seconds: float) -> None:
        self._set(connection, "statement_timeout", round(seconds * 1000))

    def _set(self, connection: Connection, setting: str, milliseconds: int) -> None:
        values = (setting, f"{milliseconds}ms")
        self.rows(connection, "SELECT pg_catalog.set_config(%s, %s, false)", values)

    @contextmanager
    def native_lock(self, connection: Connection, name: str, patience: float) -> Iterator[None]:
        """An advisory lock of the session."""

        def take() -> bool:
            return bool(self.rows(connection, _TRY_LOCK, (name,))[0][0])

        if not keep_trying(patience, take):
            raise self._busy(connection, name)
        try:
            yield
        finally:
            with suppress(ServerError):  # a lost connection has given it back already
                self.rows(connection, _UNLOCK, (name,))

    def _busy(self, connection: Connection, name: str) -> TargetBusy:
        holders = self.rows(connection, _HOLDER, (name,))
        if not holders:
            return self.lock_busy(name)
        pid, application, user, address = holders[0]
        return self.lock_busy(name, f"session {pid}", application, f"{user}@{address or 'local'}")

    def connection_limits(self, connection: Connection) -> ConnectionLimits:
        return ConnectionLimits(*self.rows(connection, _LIMITS)[0])

    def tls_state(self, connection: Connection) -> TlsState | None:
        rows = self.rows(connection, _TLS)
        return TlsState(*rows[0]) if rows else TlsState(False, "")

    def data_folder(self, connection: Connection) -> str | None:
        try:
            rows = self.rows(connection, "SELECT pg_catalog.current_setting('data_directory')")
        except PrivilegeMissing:
            return None  # only members of pg_read_all_settings are told
        return self._local_folder(rows[0][0])

    def probes(self, connection: Connection) -> tuple[Probe, ...]:
        return watch.probes(self, connection)
