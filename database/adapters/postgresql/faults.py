"""What is wrong inside a database: its pages and indexes, looked through by the server's own amcheck where
that can be had (TRUST V5), and queries of the admin's that must be true."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from core.connection import ConnectionParameters
from core.errors import ConnectionFailed, OperationCancelled, ServerError
from core.progress import Operation
from database.adapters.backup import Means, Place
from database.adapters.postgresql.backup_session import Session, session_of

_INDEXES = """
    SELECT format('%I.%I', n.nspname, i.relname), x.indexrelid, x.indisvalid, a.amname = 'btree',
           i.relkind = 'i'
    FROM pg_catalog.pg_index x JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    JOIN pg_catalog.pg_am a ON a.oid = i.relam JOIN pg_catalog.pg_namespace n ON n.oid = i.relnamespace
    WHERE i.relpersistence <> 't' AND n.nspname !~ '^pg_t' ORDER BY 1
"""
_TABLES = """
    SELECT format('%I.%I', n.nspname, c.relname), c.oid
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'm', 't') AND c.relpersistence <> 't' ORDER BY 1
"""
_AVAILABLE = "SELECT EXISTS (SELECT FROM pg_catalog.pg_available_extensions WHERE name = 'amcheck')"
_SCHEMA = """
    SELECT pg_catalog.quote_ident(n.nspname) FROM pg_catalog.pg_extension e
    JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'amcheck'
"""
# Every argument is there, of the very type that the function takes: in a schema of others a function of that
# name which takes less, or more nearly what is given, would be called instead, by whoever looks.
_HEAP = """
    SELECT DISTINCT msg FROM {schema}.verify_heapam(
        {oid}::pg_catalog.regclass, false, false, 'none'::pg_catalog.text,
        NULL::pg_catalog.int8, NULL::pg_catalog.int8) LIMIT 5
"""
_TREE = "SELECT {schema}.bt_index_parent_check({oid}::pg_catalog.regclass, {whole})"
# From here on the server computes what an index holds as the owner of its table, and not as whoever looks.
_SAFE_SINCE = 140003
# A cursor is opened for one query alone, and what is asked within a block ends no transaction: the server
# itself refuses the rest.
_ASK = """
    DO $asking$
    DECLARE asked refcursor; answer text;
    BEGIN
        OPEN asked FOR EXECUTE pg_catalog.current_setting('basekeeper.question');
        FETCH asked INTO answer;
        PERFORM pg_catalog.set_config('basekeeper.answer', coalesce(answer, ''), true);
    END $asking$
"""
_HEAPS_SINCE = 14  # the major version whose amcheck looks through tables too
_FALSE = ("", "f", "false", "0")


def find_faults(op: Operation, keeper: ConnectionParameters, means: Means, name: str) -> tuple[str, ...]:
    """As BackupAdapter.health_faults. Says in a note when pages could not be looked at."""
    with session_of(keeper, means, op, name) as session, _amcheck(session) as schema:
        if not schema:
            op.note("amcheck cannot be had on this server: pages were read, indexes not compared with them.")
        return tuple(_faults(op, session, schema))


def ask(means: Means, place: Place, sql: str) -> bool:
    """As BackupAdapter.run_assertion."""
    with session_of(place.parameters, means) as session:
        session.adapter.statement_timeout(session.connection, means.command_timeout)
        session.run("SET search_path TO pg_catalog, public, pg_temp")
        with session.transaction("READ ONLY"):
            question = f"'basekeeper.question', {session.literal(sql)}, true"
            session.run(f"SELECT pg_catalog.set_config({question})")
            session.run(_ASK)
            return session.value("SELECT pg_catalog.current_setting('basekeeper.answer')") not in _FALSE


@contextmanager
def _amcheck(session: Session) -> Iterator[str]:
    """The schema that amcheck is in, made for the while where it can be; "" where not."""
    is_made = False
    if not session.rows(_SCHEMA) and session.value(_AVAILABLE):
        with suppress(ServerError):  # this account may not make it
            session.run("CREATE EXTENSION amcheck SCHEMA pg_catalog")
            is_made = True
    found = session.rows(_SCHEMA)
    yield str(found[0][0]) if found else ""
    if is_made:
        session.run("DROP EXTENSION amcheck")


def _faults(op: Operation, session: Session, schema: str) -> Iterator[str]:
    indexes, tables = session.rows(_INDEXES), session.rows(_TABLES)
    whole = int(session.value("SELECT current_setting('server_version_num')::int")) >= _SAFE_SINCE
    has_heaps = bool(schema) and session.major >= _HEAPS_SINCE
    op.phase("Check indexes and pages", len(indexes) + len(tables), "object")
    for name, oid, is_valid, is_tree, has_pages in indexes:
        if not is_valid:
            yield f"Index {name} is not valid."
        elif schema and is_tree and has_pages:
            yield from _said(session, _TREE.format(schema=schema, oid=oid, whole=whole), f"Index {name}")
        op.advance()
    for name, oid in tables:
        if has_heaps:
            yield from _said(session, _HEAP.format(schema=schema, oid=oid), f"Table {name}")
        op.advance()


def _said(session: Session, sql: str, what: str) -> Iterator[str]:
    """What a check finds: as rows with a text, or as its error."""
    try:
        rows = session.rows(sql)
    except (ConnectionFailed, OperationCancelled):
        raise
    except ServerError as error:
        yield f"{what}: {error.message}"
        return
    yield from (f"{what}: {message}" for (message,) in rows if message)
