"""What a MySQL or MariaDB database holds: every table counted and hashed, by several sessions at once, and
the facts of everything else."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack
from dataclasses import dataclass
from queue import SimpleQueue

from core.progress import Operation
from database.adapters.mysql.backup_session import Session
from database.adapters.mysql.code import read_code
from database.adapters.mysql.contents import HASH, read_table
from database.adapters.mysql.facts import code_facts, counter_facts, database_facts, table_facts
from database.adapters.mysql.flavour import Flavour
from database.manifest import Fact, Inventory, TableFacts

_TABLES = """
    SELECT table_name, engine, table_type FROM information_schema.tables
    WHERE table_schema = database() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE')
    ORDER BY table_name
"""
ReadGrants = Callable[[], Iterable[Fact]]


@dataclass(frozen=True)
class Table:
    """A table, or a sequence of MariaDB."""

    name: str
    engine: str
    is_sequence: bool = False
    is_versioned: bool = False

    @property
    def is_in_snapshot(self) -> bool:
        """False for a table whose engine knows no transactions."""
        return self.is_sequence or self.engine.lower() in ("innodb", "rocksdb")


@dataclass(frozen=True)
class Scope:
    """What of the connected database is meant: tables and sequences, the next number of each that counts, and
    with `is_whole` everything that belongs to no table."""

    tables: tuple[str, ...]
    sequences: tuple[str, ...]
    counters: dict[str, str]
    is_whole: bool = True


def read_tables(session: Session) -> tuple[Table, ...]:
    """The tables and sequences of the connected database."""
    return tuple(
        Table(str(name), str(engine or "unknown"), kind == "SEQUENCE", kind == "SYSTEM VERSIONED")
        for name, engine, kind in session.rows(_TABLES)
    )


def scope_of(tables: tuple[Table, ...], counters: dict[str, str], *, is_whole: bool = True) -> Scope:
    """Those tables and sequences."""
    return Scope(
        tuple(one.name for one in tables if not one.is_sequence),
        tuple(one.name for one in tables if one.is_sequence),
        counters,
        is_whole,
    )


def take_inventory(
    op: Operation,
    sessions: tuple[Session, ...],
    flavour: Flavour,
    scope: Scope,
    grants: ReadGrants,
    *,
    contents: bool,
) -> Inventory:
    """The inventory of what all `sessions` see, one table in each at once; `op.advance` for each table, and a
    cancel of `op` ends them."""
    with ExitStack() as stack:
        for session in sessions:
            stack.enter_context(session.ended_by(op))
        tables = _count(op, sessions, scope.tables, contents=contents)
        facts = _facts(sessions[0], flavour, scope)
        if scope.is_whole:
            facts += tuple(grants())
    return Inventory(tables, facts, HASH if contents else "")


def _count(
    op: Operation, sessions: tuple[Session, ...], names: tuple[str, ...], *, contents: bool
) -> tuple[TableFacts, ...]:
    free: SimpleQueue[Session] = SimpleQueue()
    for session in sessions:
        free.put(session)

    def read(name: str) -> TableFacts:
        op.check()
        session = free.get()
        try:
            return read_table(session, name, contents=contents)
        finally:
            free.put(session)

    with ThreadPoolExecutor(len(sessions), "count") as pool:
        futures = [pool.submit(read, name) for name in names]
        try:
            for future in as_completed(futures):
                future.result()
                op.advance()
        finally:
            for future in futures:
                future.cancel()
        return tuple(future.result() for future in futures)


def _facts(session: Session, flavour: Flavour, scope: Scope) -> tuple[Fact, ...]:
    shapes = [fact for name in scope.tables for fact in table_facts(session, name)]
    code = read_code(session)
    if not scope.is_whole:
        code = tuple(one for one in code if one.table in scope.tables)
    return (
        *database_facts(session, flavour, scope.sequences),
        *shapes,
        *counter_facts(scope.counters, shapes, scope.tables, scope.sequences),
        *code_facts(code),
    )
