"""Looks at each statement of a migration as it runs: how long it takes, and whether it was done before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

from sqlalchemy import Connection, event

from core.clock import monotonic
from core.connection import ConnectionParameters
from database.adapters import adapter_for
from database.adapters.base import Capability
from database.adapters.migration_adapters import migration_adapter_for
from database.journal import Listener
from database.migration_log import StatementLog
from database.migration_scripts import changes_something, script_hash

_NOTHING = "DO 0"  # in the place of a statement that was done before


class StatementWatch:
    """One run on `connection`. `log` is there where the server commits each statement by itself. `revision`
    and `statement` say where the run is, for who explains a failure."""

    def __init__(self, connection: Connection, parameters: ConnectionParameters, listener: Listener) -> None:
        self._connection = connection
        self._listener = listener
        self._is_on = False
        self._is_skipped = False
        self._began = 0.0
        self.revision = ""
        self.statement = ""
        self.done = 0
        adapter = adapter_for(parameters)
        raw: Any = connection.connection.dbapi_connection
        self.log = (
            None
            if adapter.supports(Capability.TRANSACTIONAL_DDL)
            else StatementLog(adapter, migration_adapter_for(parameters.dialect), raw)
        )

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Hear every statement of the connection for as long as the context lasts."""
        event.listen(self._connection, "before_cursor_execute", self._before, retval=True)
        event.listen(self._connection, "after_cursor_execute", self._after)
        try:
            yield
        finally:
            event.remove(self._connection, "before_cursor_execute", self._before)
            event.remove(self._connection, "after_cursor_execute", self._after)

    def around(self, step: Any) -> Callable[..., None]:
        """The function of Alembic's `step`, watched: what Alembic itself says is not."""
        function, script = step.migration_fn, step.revision
        direction = "upgrade" if step.is_upgrade else "downgrade"

        @wraps(function)
        def run(**words: Any) -> None:
            self.revision, self.statement, self.done = script.revision, "", 0
            if self.log:
                self.log.begin(script.revision, direction, script_hash(script))
            self._is_on = True
            try:
                function(**words)
            finally:
                self._is_on = False
            self.statement = ""

        return run

    def end(self) -> None:
        """The revision is stamped."""
        if self.log:
            self.log.end()

    def close(self) -> None:
        """The run is at its end."""
        if self.log:
            self.log.close()

    def _before(
        self, _c: Connection, _cursor: Any, sql: str, parameters: Any, _context: Any, many: bool
    ) -> tuple[str, Any]:
        self._is_skipped = False
        if not (self._is_on and changes_something(sql)):
            return sql, parameters
        self.statement = sql
        if self.log and not self.log.is_to_run(sql, parameters):
            self._is_skipped = True
            self._listener.skipped(sql)
            return _NOTHING, [()] if many else ()
        self._began = monotonic()
        return sql, parameters

    def _after(self, _c: Connection, _cursor: Any, sql: str, *_: Any) -> None:
        if not (self._is_on and (self._is_skipped or changes_something(sql))):
            return
        self.done += 1
        if self._is_skipped:
            return
        if self.log:
            self.log.done()
        self._listener.ran(sql, monotonic() - self._began)
