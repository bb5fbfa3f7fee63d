"""The questions a health check asks a database server, one function each, and what the answers mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from core.clock import monotonic
from core.connection import ConnectionParameters, TlsMode
from core.errors import SchemaTooNew
from core.settings import Settings
from core.text import duration, plural, size
from database.adapters import open_connection
from database.adapters.base import Adapter, Connection, TlsState
from database.expected import TABLES
from database.revisions import VERSION_TABLE, pending_revisions
from features.health_backups import check_age
from features.health_disks import check_disk
from features.health_report import Check, Status

INIT = "Create the schema: python manage_db.py init"
CROWDED = 0.8  # of the connections the server allows
AFTERWARDS = 2.0  # seconds; a check that hangs is told first, then its connection is given up
LOCK_PATIENCE = 1.0  # seconds; a lock held longer is worth telling


class Session:
    """A conversation with one server: opened by the first question, used by the others."""

    adapter: Adapter
    connection: Connection

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.is_open = False

    def open(self) -> None:
        """Connect, and make sure that neither a lock nor a slow statement can hold the check up."""
        timeout = self.settings.db_connect_timeout
        self.adapter, self.connection = open_connection(self.settings.database, timeout)
        self.is_open = True
        self.adapter.answer_patience(self.connection, timeout + AFTERWARDS)
        self.adapter.lock_patience(self.connection, min(LOCK_PATIENCE, timeout / 10))
        self.adapter.statement_timeout(self.connection, timeout / 3)

    def close(self) -> None:
        """End the conversation, if there is one."""
        if self.is_open:
            self.connection.close()


def connection(session: Session) -> Iterator[Check]:
    """Does the server let us in?"""
    session.open()
    version = session.adapter.server_version(session.connection)
    yield Check("connection", Status.HEALTHY, str(version))


def query(session: Session) -> Iterator[Check]:
    """Does it answer?"""
    began = monotonic()
    session.adapter.ping(session.connection)
    yield Check("query", Status.HEALTHY, f"answered in {duration(monotonic() - began)}")


def tables(session: Session) -> Iterator[Check]:
    """Is every table of ours there?"""
    if session.settings.database.in_memory:
        value = "a database in memory belongs to the process that opened it"
        yield Check("tables", Status.DEGRADED, value, "Set DATABASE_URL to a file or a server.")
        return
    there = session.adapter.schema_names(session.connection).tables
    missing = sorted(set(TABLES) - there)
    if not missing:
        yield Check("tables", Status.HEALTHY, f"{plural(len(TABLES), 'table')}, none missing")
    elif len(missing) == len(TABLES):
        yield Check("tables", Status.UNHEALTHY, f"all {len(TABLES)} tables are missing", INIT)
    else:
        value = f"{len(missing)} of {plural(len(TABLES), 'table')} missing: {', '.join(missing)}"
        yield Check("tables", Status.UNHEALTHY, value, "Make them: python manage_db.py create-tables")


def migrations(session: Session) -> Iterator[Check]:
    """Is the schema at the newest revision this release knows?"""
    current = session.adapter.revisions(session.connection)
    try:
        pending = pending_revisions(current)
    except SchemaTooNew as error:
        yield Check("migrations", Status.UNHEALTHY, error.message, error.hint)
        return
    if not pending:
        yield Check("migrations", Status.HEALTHY, f"none pending, at {', '.join(current)}")
        return
    value = f"{len(pending)} pending, next is {pending[0].id}"
    hint = "Apply them: python migrate.py migrate" if current else INIT
    yield Check("migrations", Status.DEGRADED, value, hint)


def rows(session: Session) -> Iterator[Check]:
    """How much is in it?"""
    sizes = session.adapter.table_sizes(session.connection)
    found = [table for table in sizes if table.name != VERSION_TABLE]
    about = "" if all(table.exact for table in found) else "about "
    value = f"{about}{plural(sum(table.rows for table in found), 'row')} in {plural(len(found), 'table')}"
    known = [table.size for table in found if table.size is not None]
    yield Check("rows", Status.HEALTHY, f"{value}, which take {size(sum(known))}" if known else value)


def pool(session: Session) -> Iterator[Check]:
    """Are there connections left, and enough for a full pool?"""
    limits = session.adapter.connection_limits(session.connection)
    if limits is None:
        return
    wanted = session.settings.db_pool_size + session.settings.db_max_overflow
    value = f"{limits.used} of {limits.allowed} connections used, a full pool takes {wanted}"
    if limits.used > CROWDED * limits.allowed:
        hint = "End idle sessions, or raise max_connections on the server."
    elif wanted > limits.allowed:
        hint = "Lower DB_POOL_SIZE or DB_MAX_OVERFLOW, or raise max_connections on the server."
    else:
        hint = ""
    yield Check("pool", Status.DEGRADED if hint else Status.HEALTHY, value, hint)


def tls(session: Session) -> Iterator[Check]:
    """Is the way to the server protected? Reported, never held against it (SPEC section 3)."""
    state = session.adapter.tls_state(session.connection)
    if state is not None:
        value = f"encrypted, {state.version}" if state.encrypted else "not encrypted"
        yield Check("tls", Status.HEALTHY, value, _tls_hint(state, session.settings.database))


def data_disk(session: Session) -> Iterator[Check]:
    """Is there room for the data, where that can be seen from here?"""
    folder = session.adapter.data_folder(session.connection)
    if folder:
        yield check_disk("data_disk", Path(folder))


def backup(session: Session) -> Iterator[Check]:
    """Is there a verified backup that is new enough?"""
    target = session.settings.backup_target_hours
    yield from check_age(session.adapter, session.connection, target)


def probes(session: Session) -> Iterator[Check]:
    """What else does this kind of server have to say?"""
    for probe in session.adapter.probes(session.connection):
        yield Check(probe.name, Status(probe.status), probe.value, probe.hint)


Question = Callable[[Session], Iterator[Check]]

# In the order they are asked: nothing after the first makes sense before it.
QUESTIONS: dict[str, Question] = {
    "connection": connection,
    "query": query,
    "tables": tables,
    "migrations": migrations,
    "rows": rows,
    "pool": pool,
    "tls": tls,
    "data_disk": data_disk,
    "backup": backup,
    "probes": probes,
}


def _tls_hint(state: TlsState, database: ConnectionParameters) -> str:
    if _is_loopback(database.host):
        return ""
    if not state.encrypted:
        return "Passwords and data can be read on the way: add sslmode=verify-full to the URL."
    if database.tls_mode not in (TlsMode.VERIFY_CA, TlsMode.VERIFY_FULL):
        return "The server's identity is not checked: add sslmode=verify-full to the URL."
    return ""


def _is_loopback(host: str) -> bool:
    return host in ("", "localhost", "::1") or host.startswith(("127.", "/"))
