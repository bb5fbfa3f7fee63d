"""What is typed or set wrong gets one line with the mend and the right exit code, and changes nothing."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from tests.journeys.tools import run_tool
from tests.servers import Server


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"DATABASE_URL": "not a url"}, "DATABASE_URL"),
        ({"DATABASE_URL": "oracle://h/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:geheim@h:99999/d"}, "DATABASE_URL"),
        ({"DATABASE_URL": "postgresql://u:geheim@h/d?host=evil"}, "host"),
        ({"DB_TYPE": "oracle", "DB_NAME": "x"}, "DB_TYPE"),
        ({"DB_POOL_SIZE": "many"}, "DB_POOL_SIZE"),
        ({"AUTO_INIT": "perhaps"}, "AUTO_INIT"),
    ],
)
def test_faulty_settings(settings: dict[str, str], named: str, tmp_path: Path) -> None:
    ran = run_tool("manage_db.py", "init", cwd=tmp_path, **settings)
    assert ran.code == 2
    assert named in ran.error
    assert "geheim" not in ran.err
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "arguments",
    [
        ["inti"],
        ["init", "--forse"],
        ["seed?"],
        ["create-admin"],
        ["-x"],
        ["seed", "--undo", ""],
        ["seed", "--database", "shop", "--tables", ","],
    ],
)
def test_wrong_usage(arguments: list[str], tmp_path: Path) -> None:
    ran = run_tool("manage_db.py", *arguments, cwd=tmp_path)
    assert ran.code == 2
    assert "--help" in ran.error
    assert not list(tmp_path.iterdir())


def test_a_folder_that_is_not_there_is_a_database_that_is_not_there(tmp_path: Path) -> None:
    ran = run_tool("manage_db.py", "seed", cwd=tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/instance/own.db")
    assert ran.code == 1 and "There is no database file" in ran.error and "manage_db.py init" in ran.error


def test_a_number_says_what_is_allowed(tmp_path: Path) -> None:
    ran = run_tool("manage_db.py", "worker", "--threads", "two", cwd=tmp_path)
    assert ran.code == 2 and "a whole number from 1 to 64" in ran.error


def test_a_missing_env_file(tmp_path: Path) -> None:
    ran = run_tool("migrate.py", "status", "--env-file", "absent.env", cwd=tmp_path)
    assert ran.code == 2
    assert "absent.env" in ran.error


def test_a_file_that_is_not_sqlite(tmp_path: Path) -> None:
    file = tmp_path / "letters.db"
    file.write_bytes(b"not a database, " * 100)
    before = file.read_bytes()
    for command in ("init", "status", "verify"):
        ran = run_tool("manage_db.py", command, cwd=tmp_path, DATABASE_URL=f"sqlite:///{file}")
        assert ran.code == 1
        assert "letters.db" in ran.error
    assert file.read_bytes() == before


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    ran = run_tool("manage_db.py", "status", cwd=tmp_path)
    assert ran.code == 1
    assert "init" in ran.error
    assert not list(tmp_path.iterdir())


def test_a_database_newer_than_the_code(server: Server, database_url: str, tmp_path: Path) -> None:
    settings = {"DATABASE_URL": database_url}
    assert run_tool("manage_db.py", "init", cwd=tmp_path, **settings).code == 0
    server.execute(database_url, "UPDATE alembic_version SET version_num = 'ffffffffffff'")
    for door, command in (("manage_db.py", "init"), ("migrate.py", "migrate"), ("migrate.py", "status")):
        ran = run_tool(door, command, cwd=tmp_path, **settings)
        assert ran.code == 1
        assert "ffffffffffff" in ran.error
    assert server.execute(database_url, "SELECT version_num FROM alembic_version") == [("ffffffffffff",)]


@pytest.mark.parametrize("target", ["zzz", "+0", "-99", "+99", "--bogus"])
def test_a_target_that_names_nothing(target: str, sqlite_url: str, tmp_path: Path) -> None:
    run_tool("manage_db.py", "init", cwd=tmp_path, DATABASE_URL=sqlite_url)
    ran = run_tool("migrate.py", "migrate", target, cwd=tmp_path, DATABASE_URL=sqlite_url)
    assert ran.code == 2
    assert run_tool("manage_db.py", "verify", cwd=tmp_path, DATABASE_URL=sqlite_url).code == 0


def test_going_down_asks_first(sqlite_url: str, tmp_path: Path) -> None:
    run_tool("manage_db.py", "init", cwd=tmp_path, DATABASE_URL=sqlite_url)
    ran = run_tool("migrate.py", "migrate", "-1", cwd=tmp_path, DATABASE_URL=sqlite_url)
    assert ran.code == 1
    assert "--force" in ran.error
    down = run_tool("migrate.py", "migrate", "-1", "--force", cwd=tmp_path, DATABASE_URL=sqlite_url)
    assert down.code == 0, down.err
    assert "downgrade" in down.out


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_no_permission_to_create_tables(server: Server, database_url: str, tmp_path: Path) -> None:
    server.execute(database_url, "DROP ROLE IF EXISTS journey_reader")
    server.execute(database_url, "CREATE ROLE journey_reader LOGIN PASSWORD 'journey-pw'")
    url = re.sub(r"//[^@]+@", "//journey_reader:journey-pw@", database_url)
    ran = run_tool("manage_db.py", "init", cwd=tmp_path, DATABASE_URL=url)
    assert ran.code == 1
    assert "GRANT CREATE ON SCHEMA" in ran.error
    assert "journey-pw" not in ran.err
    tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"
    assert server.execute(database_url, tables) == [(0,)]


@pytest.mark.parametrize(
    "name", ["it's", 'quo"ted', "a=b", "-x", "sp ace", "per%cent", "host=127.0.0.1 port=9"]
)
def test_names_that_look_like_something_else(name: str, server: Server, tmp_path: Path) -> None:
    """TRUST X2: the work happens in exactly that database."""
    url = server.create_database(name)
    try:
        ran = run_tool("manage_db.py", "init", cwd=tmp_path, DATABASE_URL=url)
        assert ran.code == 0, ran.err
        assert run_tool("manage_db.py", "verify", cwd=tmp_path, DATABASE_URL=url).code == 0
    finally:
        server.drop_database(url)


def test_a_server_that_is_down(tmp_path: Path) -> None:
    ran = run_tool("manage_db.py", "status", cwd=tmp_path, DATABASE_URL="postgresql://u:geheim@127.0.0.1:9/d")
    assert ran.code == 1
    assert "127.0.0.1" in ran.error
    assert "geheim" not in ran.err


def test_sqlite_keeps_what_it_had_when_init_is_refused(tmp_path: Path) -> None:
    """A table of ours that differs stops init before anything is changed."""
    file = tmp_path / "old.db"
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE user (id INTEGER PRIMARY KEY, name TEXT)")
        connection.execute("INSERT INTO user (name) VALUES ('kept')")
    ran = run_tool("manage_db.py", "init", cwd=tmp_path, DATABASE_URL=f"sqlite:///{file}")
    assert ran.code == 1
    assert "user" in ran.error
    with sqlite3.connect(file) as connection:
        assert connection.execute("SELECT name FROM user").fetchall() == [("kept",)]
