"""Whatever is changed by hand in a schema is found and named, once, on every kind of server that can have it
(SPEC section 5, `verify`; LIBRARIES: "alembic check is blind")."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import Connection, insert

from core.connection import parse_url
from database.migrator import migrate, migration_engine
from database.schema import compare_schema, find_faults
from models import MigrationHistory, db
from tests.database.changes import CHECKS, COLUMNS, KEYS_AND_INDEXES, TABLES
from tests.database.schemas import Change, make_schema, spoil
from tests.servers import Server


@pytest.fixture
def whole_url(database_url: str) -> str:
    """A database with everything the models say."""
    make_schema(database_url)
    return database_url


@pytest.mark.parametrize(
    "changes",
    [CHECKS, KEYS_AND_INDEXES, COLUMNS, TABLES],
    ids=["checks", "keys and indexes", "columns", "tables"],
)
def test_each_change_is_named_once(server: Server, whole_url: str, changes: tuple[Change, ...]) -> None:
    begins = sorted(change.found for change in spoil(server, whole_url, *changes))
    messages = sorted(fault.message for fault in find_faults(parse_url(whole_url)))
    assert [message[: len(begin)] for message, begin in zip(messages, begins, strict=True)] == begins


def test_a_fault_says_what_both_have(server: Server, whole_url: str) -> None:
    spoil(server, whole_url, COLUMNS[1])
    [fault] = find_faults(parse_url(whole_url))
    assert (fault.kind, fault.table, fault.name) == ("different", "session", "device")
    models, database = fault.message.split("the database has")
    assert "(100)" in models
    assert "(99)" in database


def test_what_the_models_make_is_without_fault(whole_url: str) -> None:
    assert find_faults(parse_url(whole_url)) == ()


def test_what_the_migrations_make_is_without_fault(database_url: str) -> None:
    """SPEC section 4: what the models say and what a migrated database has never differ."""
    migrate(parse_url(database_url), applied_by="test")
    assert find_faults(parse_url(database_url)) == ()


def test_tables_of_others_are_left_alone(server: Server, whole_url: str) -> None:
    server.execute(whole_url, "CREATE TABLE of_another (id INTEGER, CHECK (id > 0))")
    assert find_faults(parse_url(whole_url)) == ()


def test_an_empty_database_lacks_the_tables_and_no_more_is_said(database_url: str) -> None:
    messages = [fault.message for fault in find_faults(parse_url(database_url))]
    assert messages == [f"Table {name} is missing." for name in sorted(db.metadata.tables)]


def test_comparing_goes_on_in_the_transaction_and_leaves_nothing(server: Server, whole_url: str) -> None:
    """The temporary tables have the names of ours: what is written after it must be in the real ones."""
    engine = migration_engine(parse_url(whole_url))
    with engine.connect() as connection:
        _add_row(connection, "before")
        assert compare_schema(connection) == ()
        _add_row(connection, "after")
        connection.commit()
    engine.dispose()
    rows = server.execute(whole_url, "SELECT migration_name FROM migration_history ORDER BY 1")
    assert rows == [("after",), ("before",)]


def _add_row(connection: Connection, name: str) -> None:
    moment = datetime.now(UTC)
    values = {"revision": "1", "applied_at": moment, "duration": 1.0, "applied_by": "test"}
    connection.execute(insert(MigrationHistory).values(migration_name=name, **values))
