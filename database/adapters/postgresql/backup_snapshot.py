"""A PostgreSQL database held still: a transaction whose snapshot pg_dump and the inventory share, so that
both see the very same rows (TRUST section 3, V4)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO

from core.connection import ConnectionParameters
from core.errors import LockTimeout, PrivilegeMissing, ToolFailed
from core.failpoints import failpoint
from core.progress import Operation
from core.text import visible
from database.adapters.backup import Means, Selection, Snapshot
from database.adapters.explanations import FIND_HOLDER
from database.adapters.postgresql.backup_session import Session, session_of
from database.adapters.postgresql.backup_tools import Client, dump_client
from database.adapters.postgresql.inventory import read_inventory
from database.adapters.postgresql.scope import Scope, find_scope, hidden_tables, in_words
from database.adapters.postgresql.warnings import find_warnings
from database.manifest import Inventory

LOCK_PATIENCE = 60  # seconds that pg_dump waits for a table that somebody has locked (TRUST fault F6)
STILL = "ISOLATION LEVEL REPEATABLE READ, READ ONLY"
_HOLDERS = """
    SELECT l.pid, coalesce(a.usename, 'nobody'), format('%I.%I', n.nspname, c.relname)
    FROM pg_catalog.pg_locks l JOIN pg_catalog.pg_class c ON c.oid = l.relation
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = l.pid
    WHERE l.relation = ANY ({oids}) AND l.mode = 'AccessExclusiveLock' AND l.granted
      AND l.database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
    ORDER BY l.pid, 3 LIMIT 1
"""
_DEFINITIONS = ["--section=pre-data", "--section=post-data"]
_MOMENT = """
    SELECT pg_export_snapshot(), now(), pg_database_size(current_database())
"""
_ROLES = """
    SELECT DISTINCT r.rolname FROM pg_catalog.pg_shdepend d JOIN pg_catalog.pg_roles r ON r.oid = d.refobjid
    WHERE d.refclassid = 'pg_authid'::regclass
      AND (d.dbid = b.oid OR d.dbid = 0 AND d.classid = 'pg_database'::regclass AND d.objid = b.oid)
"""
_ALL_ROLES = f"""
    SELECT x.rolname FROM pg_catalog.pg_database b, LATERAL ({_ROLES}) x WHERE b.datname = current_database()
    UNION SELECT pg_get_userbyid(datdba) FROM pg_catalog.pg_database WHERE datname = current_database()
    ORDER BY 1
"""
_REVISION = "SELECT coalesce(string_agg(version_num, ', ' ORDER BY version_num), '') FROM ONLY {table}"
_VERSION_TABLE = "alembic_version"


class PostgreSQLSnapshot(Snapshot):
    """Made by `held_still`."""

    is_exact = True

    def __init__(
        self, session: Session, parameters: ConnectionParameters, means: Means, client: Client, scope: Scope
    ) -> None:
        self._session = session
        self._parameters = parameters
        self._means = means
        self._client = client
        self._scope = scope
        self._name, self.taken_at, self.size = session.rows(_MOMENT)[0]
        self.server = session.adapter.server_version(session.connection)
        self.tool = str(client)
        self.revision = _revision(session, scope)
        self.roles = tuple(name for (name,) in session.rows(_ALL_ROLES))
        self.warnings = find_warnings(session, scope)

    def dump(self, op: Operation, out: IO[bytes]) -> None:
        self._run(op, [], out)
        failpoint("backup.dumped")

    def dump_schema(self, op: Operation, out: IO[bytes]) -> bool:
        """The sections and not --schema-only, which leaves large objects and the refresh of views out."""
        self._run(op, _DEFINITIONS, out)
        failpoint("backup.definitions_dumped")
        return True

    def inventory(self, op: Operation, *, contents: bool) -> Inventory:
        end = self._session.adapter.way_to_end(self._session.connection, self._means.connect_timeout)
        try:
            with op.ending(end):
                return read_inventory(op, self._session, self._scope, contents=contents)
        except LockTimeout as error:
            raise self._locked() or error from error

    def _run(self, op: Operation, more: Sequence[str], out: IO[bytes]) -> None:
        arguments = [
            "--format=custom",
            "--compress=0",  # the archive does that, and better
            f"--snapshot={self._name}",
            f"--lock-wait-timeout={LOCK_PATIENCE}s",
            *more,
            *_patterns(self._scope),
        ]
        try:
            self._client.run(op, arguments, parameters=self._parameters, means=self._means, stdout=out)
        except ToolFailed as error:
            # Of --lock-wait-timeout pg_dump makes a statement timeout, and holds it while it locks alone.
            if re.search("(lock|statement) timeout|LOCK TABLE", error.message):
                raise self._locked() or error from error
            raise

    def _locked(self) -> LockTimeout | None:
        """Who holds a table now (TRUST F6), asked in a session of its own: a failed statement ended ours."""
        with session_of(self._parameters, self._means) as session:
            found = session.rows(_HOLDERS.format(oids=self._scope.table_oids))
        if not found:
            return None
        pid, user, table = found[0]
        return LockTimeout(
            f"The session {pid} of {visible(user)} holds a lock on {visible(table)}.", hint=FIND_HOLDER
        )


@contextmanager
def held_still(
    op: Operation, parameters: ConnectionParameters, means: Means, selection: Selection
) -> Iterator[Snapshot]:
    """The database of `parameters` at this moment. Raises as BackupAdapter.snapshot."""
    with session_of(parameters, means, op) as session:
        client = dump_client(op, means, session.major)
        session.adapter.lock_patience(session.connection, LOCK_PATIENCE)
        with session.transaction(STILL):
            scope = find_scope(session, selection)
            if hidden := hidden_tables(session, scope):
                raise PrivilegeMissing(
                    f'The account "{parameters.user}" may not read all rows of {in_words(hidden)}.',
                    hint="Grant it SELECT, and BYPASSRLS where row security hides rows, or take the "
                    "account that owns the tables.",
                )
            snapshot = PostgreSQLSnapshot(session, parameters, means, client, scope)
            failpoint("backup.held_still")
            yield snapshot


def _patterns(scope: Scope) -> list[str]:
    """Each table and schema by a pattern that fits its name alone."""
    if scope.schemas is None:
        return []
    schemas = [f"--schema={_pattern(name)}" for name in scope.schema_names]
    tables = [
        f"--table={_pattern(table.schema)}.{_pattern(table.bare_name)}"
        for table in scope.tables
        if table.schema_oid not in scope.schemas
    ]
    return [*schemas, *tables]


def _pattern(name: str) -> str:
    """Inside quotes nothing but the quote itself means anything to pg_dump."""
    return '"' + name.replace('"', '""') + '"'


def _revision(session: Session, scope: Scope) -> str:
    found = [table for table in scope.tables if table.bare_name == _VERSION_TABLE and table.holds_rows]
    if not found:
        return ""
    table = min(found, key=lambda one: one.schema != "public")
    place = f"{session.quote(table.schema)}.{session.quote(table.bare_name)}"
    return str(session.value(_REVISION.format(table=place)))
