"""MariaDB and Galera clusters: MySQL, but for what differs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import ServerError, Unsupported
from database.adapters.base import Connection, Probe
from database.adapters.mysql import watch
from database.adapters.mysql.adapter import MySQLAdapter

_NOT_SUPPORTED = 1235


class MariaDBAdapter(MySQLAdapter):
    """One MariaDB database, on one server or on a node of a Galera cluster."""

    label = "MariaDB"

    def _look_afresh(self, connection: Connection) -> None:
        """MariaDB keeps no old sizes."""

    def lock_patience(self, connection: Connection, seconds: float) -> None:
        """In whole seconds, rounded up; 0 does not wait at all."""
        self._wait_for_locks(connection, max(0, math.ceil(seconds)))

    def silence_limit(self, connection: Connection, seconds: float) -> None:
        self.rows(connection, "SET SESSION idle_transaction_timeout = %s", (math.ceil(seconds),))

    def statement_timeout(self, connection: Connection, seconds: float) -> None:
        self.rows(connection, "SET SESSION max_statement_time = %s", (seconds,))

    @contextmanager
    def native_lock(self, connection: Connection, name: str, patience: float) -> Iterator[None]:
        """As MySQL's. A lock of a Galera node is known to that node only, and some releases refuse it
        there: then Unsupported is raised (TRUST D8)."""
        if self._in_cluster(connection) and not self._gives_locks(connection):
            raise Unsupported(
                "This Galera node gives no named locks, so two runs at once could not be kept apart.",
                hint="Keep this database on a server outside the cluster.",
            )
        with super().native_lock(connection, name, patience):
            yield

    def probes(self, connection: Connection) -> tuple[Probe, ...]:
        state = (watch.cluster(self, connection),) if self._in_cluster(connection) else ()
        return (*state, *super().probes(connection))

    def _in_cluster(self, connection: Connection) -> bool:
        rows = self.rows(connection, "SHOW SESSION VARIABLES WHERE variable_name = 'wsrep_on'")
        return bool(rows) and str(rows[0][1]).upper() in ("ON", "1")

    def _gives_locks(self, connection: Connection) -> bool:
        try:
            self.rows(connection, "SELECT release_lock('basekeeper/nobody')")
        except ServerError as error:
            cause = error.__cause__
            if isinstance(cause, Exception) and cause.args[:1] == (_NOT_SUPPORTED,):
                return False
            raise
        return True
