"""What is wrong inside a database: its pages and indexes, rows whose foreign keys lead nowhere, and what the
admin asserts of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from core.errors import InvalidInput
from core.progress import Operation
from core.text import plural, visible
from database.adapters.backup import Means, Place
from database.adapters.mysql.backup_session import Session, session_of
from database.adapters.mysql.facts import label
from database.adapters.mysql.site import Site

_CHECKED = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = database() AND table_type IN ('BASE TABLE', 'SYSTEM VERSIONED', 'VIEW')
    ORDER BY table_name
"""
_KEYS = """
    SELECT table_name, constraint_name, column_name, referenced_table_schema, referenced_table_name,
        referenced_column_name
    FROM information_schema.key_column_usage
    WHERE table_schema = database() AND referenced_table_name IS NOT NULL
    ORDER BY table_name, constraint_name, ordinal_position
"""
_TABLE = "SELECT 1 FROM information_schema.tables WHERE table_schema = %s AND table_name = %s"
_WELL = ("status", "note", "info")
_PATIENCE = 60.0  # seconds for an assertion
_FALSE = (None, 0, "", "0", b"", b"0", b"\0")


def find_faults(op: Operation, site: Site, name: str) -> Iterator[str]:
    """A sentence for each fault in the database of that name."""
    with site.as_keeper(op, name) as session:
        for (table,) in session.rows(_CHECKED):
            yield from _check(session, str(table))
        for key, columns in _foreign_keys(session).items():
            yield from _key_faults(session, *key, columns)


def assertion_holds(means: Means, place: Place, sql: str) -> bool:
    """Whether the one query, which may write nothing, gives a first value that is true. Raises InvalidInput
    for what is no query, ServerError."""
    question = sql.strip().rstrip(";")
    with session_of(place.parameters, means) as session:
        session.rows("SET SESSION TRANSACTION READ ONLY")
        session.adapter.statement_timeout(session.connection, _PATIENCE)
        # Parsed by itself it holds no second statement and no open bracket; as a part of another it is a
        # query and writes no file.
        session.rows(f"EXPLAIN {question}")
        rows = session.rows(f"SELECT * FROM (\n{question}\n) AS assertion LIMIT 1")
    if not (rows and rows[0]):
        raise InvalidInput("The assertion gives no row.")
    return rows[0][0] not in _FALSE


def _check(session: Session, table: str) -> Iterator[str]:
    for _, _, kind, text in session.rows(f"CHECK TABLE {session.quote(table)} EXTENDED"):
        if str(kind).lower() not in _WELL:
            yield f"{visible(table)}: {visible(str(text))}"


def _foreign_keys(session: Session) -> dict[tuple[str, str, str, str], list[tuple[str, str]]]:
    keys: dict[tuple[str, str, str, str], list[tuple[str, str]]] = defaultdict(list)
    for table, name, column, schema, target, target_column in session.rows(_KEYS):
        keys[str(table), str(name), str(schema), str(target)].append((str(column), str(target_column)))
    return keys


def _key_faults(
    session: Session, table: str, name: str, schema: str, target: str, columns: list[tuple[str, str]]
) -> Iterator[str]:
    if session.rows(_TABLE, (schema, target)):
        yield from _orphans(session, table, name, schema, target, columns)
    else:
        parent = label(target) if schema == session.value("SELECT database()") else label(schema, target)
        which = f"The foreign key {visible(name)} of {visible(label(table))}"
        yield f"{which} leads to {visible(parent)}, which is not there."


def _orphans(
    session: Session, table: str, name: str, schema: str, target: str, columns: list[tuple[str, str]]
) -> Iterator[str]:
    quote = session.quote
    present = " AND ".join(f"c.{quote(column)} IS NOT NULL" for column, _ in columns)
    same = " AND ".join(f"p.{quote(other)} = c.{quote(column)}" for column, other in columns)
    parent = f"{quote(schema)}.{quote(target)}"
    count = session.value(
        f"SELECT count(*) FROM {quote(table)} c WHERE {present} "
        f"AND NOT EXISTS (SELECT 1 FROM {parent} p WHERE {same})"
    )
    if count:
        yield f"{plural(int(count), 'row')} of {visible(label(table))} break the foreign key {visible(name)}."
