"""Dropping what is ours, the checks of the database as a whole, and who may compare (SPEC section 5, `drop`,
`verify`)."""

from __future__ import annotations

import secrets
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from core.connection import ConnectionParameters, parse_url
from core.errors import Conflict, PrivilegeMissing
from database.schema import drop_schema, find_faults
from models import User, db
from tests.database.schemas import add_user, count_rows, make_schema
from tests.servers import Server
from tests.servers.server import connect, sqlite_path

TABLES = set(db.metadata.tables)


@pytest.fixture
def whole(database_url: str) -> ConnectionParameters:
    """A database with everything the models say."""
    make_schema(database_url)
    return parse_url(database_url)


def test_drop_takes_our_tables_and_no_others(server: Server, schema_url: str) -> None:
    parameters = parse_url(schema_url)
    server.execute(schema_url, "CREATE TABLE of_another (id INTEGER)")
    assert set(drop_schema(parameters)) == TABLES | {"alembic_version"}
    assert {fault.kind for fault in find_faults(parameters)} == {"missing"}
    assert server.execute(schema_url, "SELECT * FROM of_another") == []
    assert drop_schema(parameters) == ()


def test_tables_that_refer_to_each_other_are_dropped(
    server: Server, whole: ConnectionParameters, database_url: str
) -> None:
    key = "REFERENCES session (id)"
    inline, later = ("", f"ADD FOREIGN KEY (last_id) {key}")
    if server.dialect == "sqlite":
        inline, later = key, "RENAME COLUMN last_id TO last_session_id"
    server.execute(
        database_url,
        f"ALTER TABLE ssh_profile ADD COLUMN last_id BIGINT {inline}",
        f"ALTER TABLE ssh_profile {later}",
    )
    assert set(drop_schema(whole)) == TABLES


def test_nothing_is_dropped_while_another_table_refers_to_ours(
    server: Server, whole: ConnectionParameters, database_url: str
) -> None:
    add_user(database_url)
    table = '"user"' if server.dialect == "postgresql" else "user"
    server.execute(
        database_url,
        f"CREATE TABLE invoice (id BIGINT PRIMARY KEY, user_id BIGINT, "
        f"CONSTRAINT fk FOREIGN KEY (user_id) REFERENCES {table} (id))",
    )
    with pytest.raises(Conflict, match="Other tables refer to ours: invoice to user"):
        drop_schema(whole)
    assert find_faults(whole) == ()
    assert count_rows(database_url, User) == 1


def test_an_account_that_may_not_compare_is_told_the_grant(
    server: Server, whole: ConnectionParameters, database_url: str
) -> None:
    if server.dialect == "sqlite":
        pytest.skip("SQLite has no accounts")
    name, password = f"reader_{secrets.token_hex(4)}", "secret"
    grants = {
        "postgresql": [
            f"CREATE ROLE {name} LOGIN PASSWORD '{password}'",
            f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {name}",
            f"REVOKE TEMPORARY ON DATABASE {whole.database} FROM PUBLIC",
        ],
        "mysql": [
            f"CREATE USER {name}@'127.0.0.1' IDENTIFIED BY '{password}'",
            f"GRANT SELECT ON {whole.database}.* TO {name}@'127.0.0.1'",
        ],
    }
    server.execute(database_url, *grants.get(server.dialect, grants["mysql"]))
    try:
        with pytest.raises(PrivilegeMissing) as caught:
            find_faults(replace(whole, user=name, password=password))
        mend = caught.value.hint.removeprefix("Run: ")
        assert mend.startswith(("GRANT TEMPORARY ON DATABASE", "GRANT CREATE TEMPORARY TABLES ON"))
        server.execute(database_url, mend)
        assert find_faults(replace(whole, user=name, password=password)) == ()
    finally:
        server.execute(database_url, *_farewell(server, name))


def _farewell(server: Server, name: str) -> list[str]:
    if server.dialect == "postgresql":
        return [f"DROP OWNED BY {name}", f"DROP ROLE {name}"]
    return [f"DROP USER {name}@'127.0.0.1'"]


def test_a_database_of_another_character_set_is_named(server: Server, database_url: str) -> None:
    if server.dialect not in ("mariadb", "mysql"):
        pytest.skip("only MySQL and MariaDB let a database change it")
    make_schema(database_url)
    server.execute(database_url, "ALTER DATABASE CHARACTER SET latin1")
    [fault] = find_faults(parse_url(database_url))
    assert (fault.kind, fault.message) == ("server", "The database's character set is latin1, not utf8mb4.")


def test_a_database_of_another_encoding_is_named(server: Server) -> None:
    if server.dialect != "postgresql":
        pytest.skip("PostgreSQL's")
    name = f"test_{secrets.token_hex(4)}"
    server.execute(
        server.admin_url,
        f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'SQL_ASCII' LOCALE 'C'",
    )
    url = server.admin_url.rpartition("/")[0] + f"/{name}"
    try:
        assert "The database's encoding is SQL_ASCII, not UTF8." in [
            fault.message for fault in find_faults(parse_url(url))
        ]
    finally:
        server.drop_database(url)


def test_damage_to_an_sqlite_file_is_named(sqlite_url: str) -> None:
    """The pages of an index that nothing refers to any more, as a torn write would leave them."""
    Path(sqlite_path(sqlite_url)).touch()
    make_schema(sqlite_url)
    add_user(sqlite_url)
    with closing(connect(sqlite_url)) as connection:
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute("DELETE FROM sqlite_master WHERE name = 'ix_user_created_at'")
    faults = find_faults(parse_url(sqlite_url))
    assert any(fault.kind == "server" and "The file is damaged" in fault.message for fault in faults)
