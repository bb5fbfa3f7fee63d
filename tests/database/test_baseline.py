"""The baseline makes what the models say, on every dialect."""

from __future__ import annotations

import pytest
from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError

from core.connection import parse_url
from database.migrator import metadata_differences, migrate
from models import User, db
from tests.database.trees import catalogue, connected, tables
from tests.servers import Server


@pytest.fixture
def migrated_url(schema_url: str) -> str:
    """A database at the head."""
    return schema_url


def add_user(connection: Connection, username: str, email: str = "", name: str = "Bob") -> None:
    values = {"username": username, "email": email or f"{username}@example.org", "name": name}
    connection.execute(insert(User).values(**values))


def test_alembic_finds_no_difference(migrated_url: str) -> None:
    with connected(migrated_url) as connection:
        assert metadata_differences(connection) == ()


def test_up_down_up_gives_the_same_catalogue(migrated_url: str) -> None:
    parameters = parse_url(migrated_url)
    with connected(migrated_url) as connection:
        before = catalogue(connection)
    migrate(parameters, "base", applied_by="test")
    assert tables(migrated_url) == set()
    migrate(parameters, applied_by="test")
    with connected(migrated_url) as connection:
        assert catalogue(connection) == before
        assert metadata_differences(connection) == ()


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("DROP INDEX ix_user_created_at {on}", "add index ix_user_created_at on user"),
        ("ALTER TABLE session ADD COLUMN stray VARCHAR(9)", "remove column session.stray"),
        ("DROP TABLE operation_line", "add table operation_line"),
    ],
)
def test_a_difference_is_named(server: Server, migrated_url: str, statement: str, found: str) -> None:
    mysql = server.dialect in ("mariadb", "mysql")
    server.execute(migrated_url, statement.format(on="ON user" if mysql else ""))
    with connected(migrated_url) as connection:
        assert found in metadata_differences(connection)


def test_a_lost_check_and_a_changed_type_are_named(server: Server, migrated_url: str) -> None:
    if server.dialect == "sqlite":
        pytest.skip("SQLite changes neither without rebuilding the table")
    mysql = server.dialect in ("mariadb", "mysql")
    changed = "MODIFY device VARCHAR(7) NOT NULL" if mysql else "ALTER COLUMN device TYPE VARCHAR(7)"
    server.execute(
        migrated_url,
        "ALTER TABLE ssh_profile DROP CONSTRAINT ck_ssh_profile_port",
        f"ALTER TABLE session {changed}",
    )
    with connected(migrated_url) as connection:
        found = metadata_differences(connection)
    assert "add constraint ck_ssh_profile_port on ssh_profile" in found
    assert any(line.startswith("modify type of session.device") for line in found)


def test_tables_of_others_are_no_difference(server: Server, migrated_url: str) -> None:
    server.execute(migrated_url, "CREATE TABLE of_another (id INTEGER)")
    with connected(migrated_url) as connection:
        assert metadata_differences(connection) == ()


def test_the_email_check_arrives_with_single_percent_signs(migrated_url: str) -> None:
    """psycopg2 and PyMySQL want `%` doubled in a statement; the catalogue must not keep both."""
    with connected(migrated_url) as connection:
        (check,) = [
            text
            for text in catalogue(connection)["user"]
            if text.startswith("check") and "email_format" in text
        ]
    assert "%_@_%._%" in check
    assert "%%" not in check


@pytest.mark.parametrize("email", ["bob", "@example.org", "bob@example", "bob@example."])
def test_the_email_is_checked_in_the_database(migrated_url: str, email: str) -> None:
    with connected(migrated_url) as connection, pytest.raises(DBAPIError):
        add_user(connection, "bob", email=email)


def test_lengths_count_characters(migrated_url: str) -> None:
    """SPEC section 4: `äö` has two characters and four bytes, and 80 of them fit."""
    with connected(migrated_url) as connection:
        add_user(connection, "ä" * 80, email="a@example.org", name="ö" * 100)
    with connected(migrated_url) as connection, pytest.raises(DBAPIError):
        add_user(connection, "äö", email="b@example.org")


def test_usernames_that_differ_by_an_accent_are_two(migrated_url: str) -> None:
    with connected(migrated_url) as connection:
        add_user(connection, "bob")
        add_user(connection, "bób", email="accent@example.org")
    with connected(migrated_url) as connection, pytest.raises(DBAPIError):
        add_user(connection, "bob", email="first@example.org")
        add_user(connection, "BOB", email="second@example.org")  # folded before it is stored


def test_every_model_has_its_table(migrated_url: str) -> None:
    assert tables(migrated_url) == set(db.metadata.tables)
