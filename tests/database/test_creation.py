"""Creating what is missing (SPEC section 5, `create-tables`, `create-indexes`, `create-constraints`)."""

from __future__ import annotations

from contextlib import closing

import pytest
from sqlalchemy import PrimaryKeyConstraint

from core.clock import utc_now
from core.connection import ConnectionParameters, parse_url
from core.errors import LockTimeout, SchemaFault
from database import open_schema
from database.schema import create_constraints, create_indexes, create_tables, find_faults
from models import Command, LoginSession, Session, User, UserLog, db
from tests.database.changes import CHECKS, KEYS_AND_INDEXES
from tests.database.schemas import Change, Rewrite, add_row, add_user, count_rows, make_schema, spoil
from tests.servers import Server
from tests.servers.server import connect

NO_INDEX, NO_FOREIGN_KEY, NO_CHECK = KEYS_AND_INDEXES[0], KEYS_AND_INDEXES[-2], CHECKS[3]
NO_ROLE_CHECK = Change(
    "Check ck_user_role on user is missing.",
    Rewrite("user", ", CONSTRAINT ck_user_role CHECK (role IN ('viewer', 'operator', 'admin'))", ""),
    'ALTER TABLE "user" DROP CONSTRAINT ck_user_role',
    "ALTER TABLE user DROP CONSTRAINT ck_user_role",
)
NO_UNIQUE = Change(
    "Index uq_login_session_token_hash on login_session is missing.",
    Rewrite("login_session", ", CONSTRAINT uq_login_session_token_hash UNIQUE (token_hash)", ""),
    "ALTER TABLE login_session DROP CONSTRAINT uq_login_session_token_hash",
    "DROP INDEX uq_login_session_token_hash ON login_session",
)
MODELS = db.metadata.sorted_tables
TABLES = {table.name for table in MODELS}
INDEXES = {index.name for table in MODELS for index in table.indexes}
CONSTRAINTS = {
    constraint.name
    for table in MODELS
    for constraint in table.constraints
    if not isinstance(constraint, PrimaryKeyConstraint)
}


@pytest.fixture
def whole(database_url: str) -> ConnectionParameters:
    """A database with everything the models say."""
    make_schema(database_url)
    return parse_url(database_url)


def test_the_three_steps_make_a_whole_schema(server: Server, database_url: str) -> None:
    parameters = parse_url(database_url)
    assert set(create_tables(parameters)) == TABLES
    assert set(create_indexes(parameters)) == INDEXES
    made = set(create_constraints(parameters))
    assert made == (set() if server.dialect == "sqlite" else CONSTRAINTS)
    assert find_faults(parameters) == ()


def test_constraints_may_come_before_indexes(database_url: str) -> None:
    """MySQL makes an index of its own for a foreign key that has none; ours takes its place."""
    parameters = parse_url(database_url)
    for create in (create_tables, create_constraints, create_indexes):
        create(parameters)
    assert find_faults(parameters) == ()


def test_a_second_time_makes_nothing(whole: ConnectionParameters) -> None:
    assert [create(whole) for create in (create_tables, create_indexes, create_constraints)] == [(), (), ()]


def test_only_what_is_missing_is_made_and_rows_stay(
    server: Server, whole: ConnectionParameters, database_url: str
) -> None:
    spoil(server, database_url, NO_INDEX, NO_CHECK, NO_FOREIGN_KEY)
    server.execute(database_url, "DROP TABLE operation_line")
    add_user(database_url)
    add_row(database_url, Command, user_id=1, text="ls")
    assert create_tables(whole) == ("operation_line",)
    assert set(create_indexes(whole)) == {"ix_user_created_at", "ix_operation_line_operation_id_id"}
    assert {"ck_command_duration", "fk_session_user_id"} <= set(create_constraints(whole))
    assert find_faults(whole) == ()
    assert (count_rows(database_url, User), count_rows(database_url, Command)) == (1, 1)


def test_rows_that_break_constraints_are_counted_and_nothing_is_changed(
    server: Server, whole: ConnectionParameters, database_url: str
) -> None:
    spoil(server, database_url, NO_CHECK, NO_FOREIGN_KEY, NO_UNIQUE)
    add_user(database_url)
    add_row(database_url, Command, user_id=1, text="ls", duration=-1.0)
    add_row(database_url, Command, user_id=1, text="ls", duration=None)  # unknown is not broken
    add_row(database_url, Session, user_id=77, device="laptop", rows=24, columns=80)
    for _ in range(2):
        values = {"token_hash": "same", "user_id": 1, "ip_address": ""}
        add_row(database_url, LoginSession, **values, expires_at=utc_now())
    before = find_faults(whole)
    with pytest.raises(SchemaFault) as caught:
        create_constraints(whole)
    assert caught.value.message.split(". ") == [
        "uq_login_session_token_hash cannot be created: 2 rows of login_session break it",
        "ck_command_duration cannot be created: 1 row of command breaks it",
        "fk_session_user_id cannot be created: 1 row of session breaks it.",
    ]
    assert find_faults(whole) == before


def test_indexes_and_constraints_want_their_tables(database_url: str) -> None:
    for create in (create_indexes, create_constraints):
        with pytest.raises(SchemaFault, match="Table .* is missing. Create it first"):
            create(parse_url(database_url))


def test_a_missing_column_is_named(server: Server, whole: ConnectionParameters, database_url: str) -> None:
    server.execute(database_url, "ALTER TABLE operation_line DROP COLUMN message")
    with pytest.raises(SchemaFault, match="Table operation_line lacks the column message"):
        create_indexes(whole)


def test_a_lock_is_not_waited_for_for_ever(
    server: Server, whole: ConnectionParameters, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LIBRARIES: on MariaDB, DDL waits a day for a lock by default."""
    monkeypatch.setattr(open_schema, "LOCK_TIMEOUT", 1.0)
    spoil(server, database_url, NO_INDEX)
    add_user(database_url)
    table = '"user"' if server.dialect == "postgresql" else "user"
    with closing(connect(database_url)) as holder, closing(holder.cursor()) as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"UPDATE {table} SET name = 'Robert'")
        with pytest.raises(LockTimeout):
            create_indexes(whole)


def test_building_a_table_anew_keeps_what_hangs_on_it(
    server: Server, whole: ConnectionParameters, database_url: str
) -> None:
    """LIBRARIES: a table built anew on SQLite empties the tables that refer to it, unless it is done well."""
    if server.dialect != "sqlite":
        pytest.skip("only SQLite builds tables anew")
    spoil(server, database_url, NO_ROLE_CHECK)
    add_user(database_url)
    add_row(database_url, UserLog, user_id=1, username="bob", action="login", ip_address="")
    server.execute(
        database_url,
        "CREATE VIEW names AS SELECT username FROM user",
        "CREATE TRIGGER kept AFTER INSERT ON user BEGIN DELETE FROM user_log; END",
        "CREATE INDEX mine ON user (role)",
    )
    assert create_constraints(whole) == ("ck_user_role",)
    assert [fault.message for fault in find_faults(whole)] == ["Index mine on user is not in the models."]
    assert server.execute(database_url, "SELECT * FROM names") == [("bob",)]
    assert server.execute(database_url, "SELECT user_id FROM user_log") == [(1,)]
    assert server.execute(database_url, "SELECT name FROM sqlite_master WHERE type = 'trigger'") == [
        ("kept",)
    ]


def test_a_table_is_not_built_anew_over_a_column_of_someones_own(
    server: Server, whole: ConnectionParameters, database_url: str
) -> None:
    if server.dialect != "sqlite":
        pytest.skip("only SQLite builds tables anew")
    spoil(server, database_url, NO_ROLE_CHECK)
    server.execute(database_url, "ALTER TABLE user ADD COLUMN mine INTEGER")
    with pytest.raises(SchemaFault, match="user cannot be built anew: Table user: column mine is not in"):
        create_constraints(whole)
    assert ("mine",) in server.execute(database_url, "SELECT name FROM pragma_table_info('user')")


def test_a_table_with_orphans_is_not_built_anew(
    server: Server, whole: ConnectionParameters, database_url: str
) -> None:
    if server.dialect != "sqlite":
        pytest.skip("only SQLite builds tables anew")
    spoil(server, database_url, NO_CHECK)
    add_user(database_url)
    add_row(database_url, Command, user_id=1, text="ls")
    server.execute(database_url, "UPDATE command SET user_id = 77")
    before = find_faults(whole)
    with pytest.raises(SchemaFault, match="command cannot be built anew: 1 foreign key of it would point to"):
        create_constraints(whole)
    assert find_faults(whole) == before
    assert count_rows(database_url, Command) == 1
