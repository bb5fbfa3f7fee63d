"""MySQL, through PyMySQL."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace

from core.connection import ConnectionParameters, Dialect
from core.errors import InvalidInput, NotFound, PrivilegeMissing, ServerError, ServerTimeout, ToolMissing
from core.text import visible
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
from database.adapters.mysql import catalogue, errors, watch
from database.adapters.mysql.locks import server_lock
from database.adapters.mysql.sign_in import open_connection, wait_for_answers
from database.adapters.network import NetworkAdapter, check_identifier
from database.adapters.waiting import keep_trying

_END_PATIENCE = 5.0
_DATABASE_THERE, _DATABASE_NOT_THERE, _NO_SUCH_SESSION = 1007, 1008, 1094
# A view may run its database's functions as whoever reads it (TRUST D5).
_IS_VERSION_TABLE = """
    SELECT 1 FROM information_schema.tables
    WHERE table_schema = database() AND table_name = 'alembic_version' AND table_type = 'BASE TABLE'
"""

_DATABASES = """
    SELECT schema_name FROM information_schema.schemata
    WHERE schema_name NOT IN ('information_schema', 'mysql', 'performance_schema', 'sys')
    ORDER BY schema_name
"""
_HOLDERS = """
    SELECT concat('session ', p.id), concat(p.user, '@', p.host)
    FROM information_schema.innodb_trx t JOIN information_schema.processlist p ON p.id = t.trx_mysql_thread_id
    WHERE p.id <> connection_id() ORDER BY t.trx_started LIMIT 5
"""
# Not SHOW PROCESSLIST: that cuts the text of each statement wherever it likes, in the middle of a letter too.
_SESSIONS = "SELECT id, user, db, command, time FROM information_schema.processlist"
# Empty unless the server keeps its performance schema; those of other accounts only with a right to it.
_APPLICATIONS = """
    SELECT processlist_id, attr_value FROM performance_schema.session_account_connect_attrs
    WHERE attr_name = 'program_name'
"""


class MySQLAdapter(NetworkAdapter):
    """One MySQL database."""

    label = "MySQL"
    name_limit = 64
    _holders_question = _HOLDERS
    capabilities = frozenset(
        {Capability.ACCOUNTS, Capability.CREATE_DATABASE, Capability.SESSIONS, Capability.TLS}
    )

    def __init__(self, parameters: ConnectionParameters) -> None:
        super().__init__(parameters)
        # Whom a GRANT has to name; the server alone knows which of its accounts let us in.
        self.account = f"{parameters.user}@%"
        self.loading = False  # True for connections that may send rows as a file

    @property
    def maintenance(self) -> ConnectionParameters:
        return replace(self.parameters, database="")

    def recognised(self, connection: Connection) -> Dialect:
        return Dialect.MARIADB if "MariaDB" in self._raw_version(connection) else Dialect.MYSQL

    def driver_errors(self) -> tuple[type[Exception], ...]:
        try:
            import pymysql
        except ImportError as error:
            raise ToolMissing("PyMySQL is not installed.", hint="Run: pip install pymysql") from error
        # PyMySQL refuses a file to a server that asks for one by a bare RuntimeError.
        return (pymysql.MySQLError, RuntimeError)

    def _connect_errors(self) -> tuple[type[Exception], ...]:
        return (*self.driver_errors(), OSError, ValueError)

    def _open(self, timeout: float, address: str) -> Connection:
        return open_connection(self.parameters, timeout, address, loading=self.loading)

    def prepare(self, connection: Connection) -> None:
        super().prepare(connection)
        self.account = str(self.value(connection, "SELECT current_user()"))

    def explain(self, error: Exception) -> ServerError:
        return errors.explain(self.parameters, self.account, error)

    def ping(self, connection: Connection) -> None:
        if self.rows(connection, "SELECT 1") != [(1,)]:
            raise ServerError(f"{self.label} did not answer SELECT 1 with 1.")

    def server_version(self, connection: Connection) -> ServerVersion:
        found = re.match(r"\d{1,5}(?:\.\d{1,5}){0,3}", self._raw_version(connection), re.ASCII)
        text = found[0] if found else ""
        return ServerVersion(self.label, text, tuple(int(part) for part in text.split(".") if part))

    def _raw_version(self, connection: Connection) -> str:
        return str(self.value(connection, "SELECT version()"))

    def quote(self, identifier: str) -> str:
        escaped = check_identifier(identifier).replace("`", "``")
        return f"`{escaped}`"

    def _length(self, name: str) -> int:
        return len(name)

    def check_new_name(self, name: str) -> str:
        # "#mysql50#" makes the server take the rest as the name of a folder (TRUST D9).
        if name.startswith("#mysql50#") or name.endswith(" ") or any(char > "\uffff" for char in name):
            raise InvalidInput(f'{self.label} cannot keep a database named "{visible(name[:40])}".')
        return super().check_new_name(name)

    def list_databases(self, connection: Connection) -> tuple[str, ...]:
        return tuple(name for (name,) in self.rows(connection, _DATABASES))

    def create_database(self, connection: Connection, name: str) -> None:
        quoted = self.quote(self.check_new_name(name))
        sql = f"CREATE DATABASE {quoted} CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
        self._run_or(connection, sql, _DATABASE_THERE, self._already_there(name))

    def drop_database(self, connection: Connection, name: str) -> None:
        """Ends the sessions in it first: an open transaction there would hold up the drop."""
        quoted = self.quote(self.check_new_name(name))
        for session in self.sessions(connection):
            if session.database == name:
                with suppress(NotFound, PrivilegeMissing):
                    self.terminate(connection, session.id)
        self._run_or(connection, f"DROP DATABASE {quoted}", _DATABASE_NOT_THERE, self._not_there(name))

    def _run_or(self, connection: Connection, sql: str, code: int, otherwise: Exception) -> None:
        """Run `sql`, and raise `otherwise` in place of the server's error `code`."""
        with translated(self):
            try:
                fetch_all(connection, sql)
            except self.driver_errors() as error:
                if error.args[:1] == (code,):
                    raise otherwise from error
                raise

    def database_size(self, connection: Connection) -> int:
        self._look_afresh(connection)
        return catalogue.database_size(self, connection)

    def table_sizes(self, connection: Connection, exact_below: int = 10_000) -> tuple[TableSize, ...]:
        self._look_afresh(connection)
        return catalogue.table_sizes(self, connection, exact_below)

    def _look_afresh(self, connection: Connection) -> None:
        """MySQL gives sizes that may be a day old unless told otherwise."""
        self.rows(connection, "SET SESSION information_schema_stats_expiry = 0")

    def schema_names(self, connection: Connection) -> SchemaNames:
        return catalogue.schema_names(self, connection)

    def revisions(self, connection: Connection) -> tuple[str, ...]:
        if not self.rows(connection, _IS_VERSION_TABLE):
            return ()
        rows = self.rows(connection, "SELECT version_num FROM alembic_version ORDER BY 1")
        return tuple(number for (number,) in rows)

    def sessions(self, connection: Connection) -> tuple[SessionInfo, ...]:
        """Those of other accounts only with the PROCESS privilege."""
        own = self.session_id(connection)
        applications = self._applications(connection)
        # The server's own threads, which replicate, purge and schedule, have no account.
        return tuple(
            SessionInfo(id_, user, database or "", applications.get(id_, ""), command, float(seconds or 0))
            for id_, user, database, command, seconds in self.rows(connection, _SESSIONS)
            if id_ != own and user not in ("system user", "event_scheduler")
        )

    def _applications(self, connection: Connection) -> dict[int, str]:
        try:
            return dict(self.rows(connection, _APPLICATIONS))
        except ServerError:
            return {}

    def terminate(self, connection: Connection, session_id: int) -> None:
        gone = NotFound(f"There is no session {session_id}.")
        self._run_or(connection, f"KILL {session_id:d}", _NO_SUCH_SESSION, gone)
        if not keep_trying(_END_PATIENCE, lambda: not self._alive(connection, session_id)):
            raise ServerTimeout(f"Session {session_id} was told to end and has not.")

    def _alive(self, connection: Connection, session_id: int) -> bool:
        return any(session.id == session_id for session in self.sessions(connection))

    def session_id(self, connection: Connection) -> int:
        return int(self.rows(connection, "SELECT connection_id()")[0][0])

    def lock_patience(self, connection: Connection, seconds: float) -> None:
        """In whole seconds, rounded up, at least 1: MySQL takes no less."""
        self._wait_for_locks(connection, max(1, math.ceil(seconds)))

    def _wait_for_locks(self, connection: Connection, seconds: int) -> None:
        sql = "SET SESSION lock_wait_timeout = %s, SESSION innodb_lock_wait_timeout = %s"
        self.rows(connection, sql, (seconds, seconds))

    def answer_patience(self, connection: Connection, seconds: float | None) -> None:
        wait_for_answers(connection, seconds)

    def silence_limit(self, connection: Connection, seconds: float) -> None:
        """MySQL has no such limit: what it has ends sessions that wait in a pool, too."""

    def statement_timeout(self, connection: Connection, seconds: float) -> None:
        """MySQL limits SELECT only."""
        self.rows(connection, "SET SESSION max_execution_time = %s", (round(seconds * 1000),))

    @contextmanager
    def native_lock(self, connection: Connection, name: str, patience: float) -> Iterator[None]:
        """GET_LOCK, with the database's name in front since it is one for the whole server."""
        with server_lock(self, connection, name, patience):
            yield

    def connection_limits(self, connection: Connection) -> ConnectionLimits:
        allowed = self.rows(connection, "SELECT @@GLOBAL.max_connections")[0][0]
        return ConnectionLimits(int(allowed), int(self._status(connection, "Threads_connected")))

    def tls_state(self, connection: Connection) -> TlsState:
        version = self._status(connection, "Ssl_version")
        return TlsState(bool(version), version)

    def _status(self, connection: Connection, name: str) -> str:
        rows = self.rows(connection, "SHOW SESSION STATUS WHERE variable_name = %s", (name,))
        return str(rows[0][1]) if rows else ""

    def data_folder(self, connection: Connection) -> str | None:
        return self._local_folder(str(self.rows(connection, "SELECT @@GLOBAL.datadir")[0][0]))

    def probes(self, connection: Connection) -> tuple[Probe, ...]:
        try:
            return (watch.long_transactions(self, connection),)
        except PrivilegeMissing:
            return ()  # the server shows transactions to accounts with PROCESS only
