"""A MySQL or MariaDB database at one moment, although their servers lend no snapshot from one session to
another: nobody writes until all have theirs.

    LOCK TABLES ... READ  -->  our sessions: START TRANSACTION WITH CONSISTENT SNAPSHOT
                          -->  the dump program, until its output shows that it is past its own
    UNLOCK TABLES         -->  dump and inventory see the very same rows, and everybody writes again"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from typing import IO

from core.clock import monotonic, utc_now
from core.errors import LockTimeout, NotFound, PrivilegeMissing, ServerError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import visible
from database.adapters.backup import Selection, Snapshot
from database.adapters.mysql.backup_session import Session
from database.adapters.mysql.client_programs import Program, dump_program
from database.adapters.mysql.dump_stream import dump_stream
from database.adapters.mysql.dump_traps import check_events, find_views, without_views
from database.adapters.mysql.dump_warnings import warnings_of
from database.adapters.mysql.facts import counters_of
from database.adapters.mysql.grants import grant_facts, roles_of
from database.adapters.mysql.inventory import Scope, Table, read_tables, scope_of, take_inventory
from database.adapters.mysql.privileges import check_reader
from database.adapters.mysql.site import Site
from database.manifest import Inventory

PATIENCE = 60.0  # seconds to wait for writers, in tries of the session's own short patience with locks
_PAUSE = 1.0
_HELD = 10.0  # seconds for which writers may wait for the dump program
_BEGIN = "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"
_OPTIONS = (
    "--single-transaction",
    "--quick",
    "--triggers",
    "--hex-blob",
    "--tz-utc",
    "--comments",
    "--skip-add-locks",  # a default out of a sequence needs that sequence, which they would lock out
    "--no-tablespaces",
    "--default-character-set=utf8mb4",
    "--max-allowed-packet=1G",
)
_WHOLE = ("--routines", "--events")


class MySQLSnapshot(Snapshot):
    """Sessions and a dump program that see the same rows."""

    def __init__(
        self, site: Site, sessions: tuple[Session, ...], scope: Scope, views: dict[str, str]
    ) -> None:
        self._site = site
        self._sessions = sessions
        self._scope = scope
        self._whole_views = [name for name, fault in views.items() if not fault]
        self._broken_views = {name for name, fault in views.items() if fault}

    def begin(self, op: Operation, stack: ExitStack, program: Program) -> None:
        """Let all begin at one moment."""
        with _writers_waiting(op, self._site, self._scope.tables) as lack:
            failpoint("dump.locked")
            for session in self._sessions:
                session.rows(_BEGIN)
            self.taken_at = utc_now()
            self._stream = stack.enter_context(dump_stream(op, partial(self._run, program)))
            if not self._stream.wait_for_beginning(_HELD):
                lack = f"The dump program did not begin within {_HELD:g} s."
        self.is_exact = not lack
        if lack:
            self.warnings += (f"Others might write between the dump and the count: {lack}",)

    def dump(self, op: Operation, out: IO[bytes]) -> None:
        failpoint("dump.started")
        self._stream.copy(op, out)
        failpoint("dump.written")

    def inventory(self, op: Operation, *, contents: bool) -> Inventory:
        grants = partial(grant_facts, self._site, self._site.database.database, op)
        found = take_inventory(op, self._sessions, self._site.flavour, self._scope, grants, contents=contents)
        found = without_views(found, self._broken_views)
        self.roles = roles_of(self._site, found)
        failpoint("dump.counted")
        return found

    def _run(self, program: Program, op: Operation, out: IO[bytes]) -> None:
        options = [*_OPTIONS, *(_WHOLE if self._scope.is_whole else ()), *self._site.flavour.dump_options]
        is_all = self._scope.is_whole and not self._broken_views
        names = () if is_all else (*self._scope.tables, *self._scope.sequences, *self._whole_views)
        if not names:  # else it would leave out tables too whose names differ in case or accents alone
            options += [f"--ignore-table={self._site.database.database}.{one}" for one in self._broken_views]
        # After "--" no name is an option, whatever it looks like (TRUST X2).
        operands = ["--", self._site.database.database, *names]
        program.run(op, self._site.database, self._site.means, [*options, *operands], stdout=out)


@contextmanager
def held_still(op: Operation, site: Site, selection: Selection) -> Iterator[MySQLSnapshot]:
    """The database at one moment. Raises what `BackupAdapter.snapshot` raises, LockTimeout."""
    with ExitStack() as stack:
        first = stack.enter_context(site.as_owner(op))
        check_reader(first, site.database.database)
        server = first.adapter.server_version(first.connection)
        program = dump_program(op, site.means, site.flavour, server)
        size = first.adapter.database_size(first.connection)
        tables, is_whole = _chosen(first, site.database.database, selection)
        scope = scope_of(tables, counters_of(first, site.flavour), is_whole=is_whole)
        views = find_views(first) if is_whole else {}
        if is_whole:
            check_events(first)
        more = [stack.enter_context(site.as_owner()) for _ in range(1, site.means.jobs)]
        snapshot = MySQLSnapshot(site, (first, *more), scope, views)
        snapshot.server, snapshot.tool, snapshot.size = server, str(program), size
        snapshot.revision = ", ".join(first.adapter.revisions(first.connection))
        snapshot.warnings = warnings_of(first, site, tables, views)
        snapshot.begin(op, stack, program)
        snapshot.is_exact = snapshot.is_exact and all(one.is_in_snapshot for one in tables)
        yield snapshot


def _chosen(session: Session, database: str, selection: Selection) -> tuple[tuple[Table, ...], bool]:
    """The tables, and whether they are all."""
    for schema in selection.schemas:
        if schema != database:
            raise NotFound(f"There is no schema {visible(schema)}.", hint="A database here has no schemas.")
    tables = read_tables(session)
    if selection.schemas or not selection.tables:
        return tables, True
    for name in set(selection.tables) - {one.name for one in tables}:
        raise NotFound(f"There is no table {visible(name)}.")
    return tuple(one for one in tables if one.name in selection.tables), False


@contextmanager
def _writers_waiting(op: Operation, site: Site, tables: tuple[str, ...]) -> Iterator[str]:
    """Nobody writes into the tables while the block lasts; gives "", or why nobody could be kept from it.
    Raises LockTimeout that names who holds them."""
    with site.as_owner(op) as session:
        if site.flavour.is_in_cluster(session):
            yield "A node of a Galera cluster keeps nobody from writing on the others."
            return
        try:
            _lock(op, session, tables)
        except PrivilegeMissing:
            yield "The account may not lock tables. Grant it LOCK TABLES on the database."
            return
        try:
            yield ""
        finally:
            with suppress(ServerError):  # a lost connection has let go already
                session.rows("UNLOCK TABLES")


def _lock(op: Operation, session: Session, tables: tuple[str, ...]) -> None:
    if not tables:
        return
    sql = "LOCK TABLES " + ", ".join(f"{session.quote(name)} READ" for name in tables)
    end = monotonic() + PATIENCE
    while True:
        try:
            session.rows(sql)
            return
        except LockTimeout:
            op.check()
            if monotonic() >= end:
                raise
            time.sleep(_PAUSE)  # writers of tables that were locked already go on meanwhile
