"""Nobody writes while a restore is on its way: every table is locked against writers, none against readers.
So what is backed up at its beginning is all that the swap puts aside."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from core.connection import ConnectionParameters
from core.errors import LockTimeout, ServerError
from core.failpoints import failpoint
from core.progress import Operation
from database.adapters.backup import Means, Selection
from database.adapters.explanations import FIND_HOLDER
from database.adapters.postgresql.backup_session import session_of
from database.adapters.postgresql.backup_snapshot import LOCK_PATIENCE
from database.adapters.postgresql.scope import find_scope


@contextmanager
def writes_stopped(
    op: Operation, parameters: ConnectionParameters, means: Means
) -> Iterator[Callable[[], None]]:
    """As BackupAdapter.writes_stopped."""
    with session_of(parameters, means, op) as session:
        session.adapter.lock_patience(session.connection, LOCK_PATIENCE)
        session.run("BEGIN")
        tables = [
            f"ONLY {session.quote(table.schema)}.{session.quote(table.bare_name)}"
            for table in find_scope(session, Selection()).tables
        ]
        if tables:
            try:
                session.run(f"LOCK TABLE {', '.join(tables)} IN SHARE MODE")
            except LockTimeout as error:
                raise LockTimeout(
                    f"Somebody wrote for {LOCK_PATIENCE} s and more. Nothing was changed.",
                    hint=FIND_HOLDER,
                ) from error
        failpoint("restore.writes_stopped")
        yield lambda: session.run("SELECT 1")
        with suppress(ServerError):  # a swap has ended this session with all others
            session.run("ROLLBACK")
