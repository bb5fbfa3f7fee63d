"""Foreign keys whose parent table is not there. When their table is moved they go on leading to where it came
from, and take hold of what comes to stand there: they are dropped before, and made again after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from database.adapters.mysql.backup_session import Session
from database.adapters.mysql.facts import label, table_facts
from database.manifest import FactKind

_LOOSE = """
    SELECT DISTINCT k.table_name, k.constraint_name FROM information_schema.key_column_usage k
    LEFT JOIN information_schema.tables t ON t.table_schema = k.referenced_table_schema
        AND t.table_name = k.referenced_table_name AND t.table_type <> 'VIEW'
    WHERE k.table_schema = database() AND k.referenced_table_schema = database() AND t.table_name IS NULL
    ORDER BY 1, 2
"""
_KEYS = """
    SELECT table_name, constraint_name FROM information_schema.table_constraints
    WHERE table_schema = database() AND constraint_type = 'FOREIGN KEY'
"""


@dataclass(frozen=True)
class Key:
    """A foreign key of a table; `text` is what follows its name."""

    table: str
    name: str
    text: str


def read_loose_keys(session: Session) -> tuple[Key, ...]:
    """Those of the connected database."""
    loose = {label(str(table), str(name)): (str(table), str(name)) for table, name in session.rows(_LOOSE)}
    return tuple(
        Key(*loose[fact.name], fact.value)
        for table in dict.fromkeys(table for table, _ in loose.values())
        for fact in table_facts(session, table)
        if fact.kind is FactKind.CONSTRAINT and fact.name in loose
    )


def dropping(session: Session, database: str, key: Key) -> str:
    """The statement that drops it."""
    table = f"{session.quote(database)}.{session.quote(key.table)}"
    return f"ALTER TABLE {table} DROP FOREIGN KEY {session.quote(key.name)}"


def add_keys(session: Session, keys: Iterable[Key]) -> None:
    """Make those that are not there in the connected database."""
    there = {(str(table), str(name)) for table, name in session.rows(_KEYS)}
    session.rows("SET SESSION foreign_key_checks = 0")
    try:
        for key in keys:
            if (key.table, key.name) not in there:
                table, name = session.quote(key.table), session.quote(key.name)
                session.rows(f"ALTER TABLE {table} ADD CONSTRAINT {name} {key.text}")
    finally:
        session.rows("SET SESSION foreign_key_checks = 1")
