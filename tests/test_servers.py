"""The servers the other tests stand on are real, empty, guarded by passwords, and survive a kill."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import pymysql
import pytest

from tests.servers import Missing, PrivateServer, Server, Unavailable, available
from tests.servers.cache import build_once
from tests.servers.fleet import named_server
from tests.servers.server import connect, read_version

REFUSED = (psycopg2.OperationalError, pymysql.err.OperationalError)
FAMILY = ("mariadb", "mysql")
on_a_network = pytest.mark.parametrize("server", ["postgresql", "mariadb", "mysql"], indirect=True)


def test_answers(server: Server, database_url: str) -> None:
    assert server.execute(database_url, "SELECT 1") == [(1,)]


@on_a_network
def test_version_is_what_the_server_says(server: Server) -> None:
    assert read_version(server.admin_url) == server.version
    assert server.version.replace(".", "").isdigit()


def test_fresh_database_is_empty(server: Server, database_url: str) -> None:
    question = {
        "sqlite": "SELECT name FROM sqlite_master",
        "postgresql": "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    }.get(server.dialect, "SHOW TABLES")
    assert server.execute(database_url, question) == []


def test_text_is_compared_exactly(server: Server, database_url: str) -> None:
    rows = server.execute(
        database_url,
        "CREATE TABLE names (name varchar(20) PRIMARY KEY)",
        "INSERT INTO names VALUES ('Bob'), ('bob'), ('bób'), ('😀')",
        "SELECT count(*) FROM names",
    )
    assert rows == [(4,)]
    if server.dialect in FAMILY:
        variables = "SELECT @@character_set_database, @@collation_database"
        assert server.execute(database_url, variables) == [("utf8mb4", "utf8mb4_bin")]


def test_databases_are_apart_and_dropped(server: Server) -> None:
    first, second = server.create_database(), server.create_database()
    server.execute(first, "CREATE TABLE only_here (id integer)")
    server.execute(second, "CREATE TABLE only_here (id integer)")
    held = connect(first)
    held.cursor().execute("BEGIN")
    held.cursor().execute("SELECT * FROM only_here")
    server.drop_database(first)
    server.drop_database(second)
    if server.dialect == "sqlite":
        assert not Path(first.removeprefix("sqlite:///")).exists()
        return
    with pytest.raises(REFUSED):
        connect(first)


@on_a_network
def test_wrong_password_is_refused(server: Server) -> None:
    parts = urlsplit(server.admin_url)
    place = f"{parts.username}:wrong@{parts.hostname}:{parts.port}"
    with pytest.raises(REFUSED):
        connect(urlunsplit(parts._replace(netloc=place)))


@on_a_network
def test_client_programs_reach_the_server(server: Server) -> None:
    if not server.tools:
        pytest.skip(f"the folder of {server.dialect}'s client programs is not known")
    name = {"postgresql": "pg_dump", "mariadb": "mariadb-dump", "mysql": "mysqldump"}[server.dialect]
    done = subprocess.run([f"{server.tools}/{name}", "--version"], capture_output=True, text=True, check=True)
    assert server.version in done.stdout


@on_a_network
def test_private_server_keeps_its_data_over_stop_and_kill(private_server: PrivateServer) -> None:
    server = private_server.server
    url = server.create_database()
    server.execute(url, "CREATE TABLE kept (id integer)", "INSERT INTO kept VALUES (7)")
    private_server.stop()
    with pytest.raises(REFUSED):
        connect(url)
    private_server.start()
    assert server.execute(url, "SELECT id FROM kept") == [(7,)]
    private_server.kill()
    private_server.start()
    assert server.execute(url, "SELECT count(*) FROM kept") == [(1,)]


@on_a_network
def test_paused_server_answers_nothing_until_resumed(private_server: PrivateServer) -> None:
    held = connect(private_server.server.admin_url)
    private_server.pause()
    asker = "import sys; from tests.servers.server import connect; connect(sys.argv[1])"
    root = Path(__file__).parent.parent
    with pytest.raises(subprocess.TimeoutExpired):
        subprocess.run([sys.executable, "-c", asker, private_server.server.admin_url], cwd=root, timeout=1.5)
    private_server.resume()
    cursor = held.cursor()
    cursor.execute("SELECT 1")
    assert cursor.fetchone()[0] == 1


@on_a_network
def test_server_ends_with_the_run_that_started_it(server: Server) -> None:
    """Also when that run is killed and cannot clean up."""
    if not server.ours:
        pytest.skip("the user's server is not ours to start")
    starter = (
        "import sys, os, signal; from tests.servers.fleet import _STARTERS\n"
        "process, server = _STARTERS[sys.argv[1]]()\n"
        "print(server.admin_url, process.home, flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)"
    )
    argv = [sys.executable, "-c", starter, server.dialect]
    root = Path(__file__).parent.parent
    done = subprocess.run(argv, cwd=root, capture_output=True, text=True)
    url, home = done.stdout.split()
    _wait_until(lambda: not Path(home).exists())
    with pytest.raises(REFUSED):
        connect(url)


def test_named_server_that_does_not_answer_is_missing_with_its_reason() -> None:
    one = named_server("postgresql", "postgresql://nobody:hidden@127.0.0.1:1/none")
    assert isinstance(one, Missing)
    assert "TEST_POSTGRESQL_URL" in one.reason
    assert "hidden" not in one.reason


@on_a_network
def test_named_server_is_taken_as_it_is(server: Server) -> None:
    named = named_server(server.dialect, server.admin_url.replace("://", "+driver://", 1))
    assert isinstance(named, Server)
    assert (named.version, named.admin_url, named.ours) == (server.version, server.admin_url, False)


def test_every_dialect_is_accounted_for() -> None:
    assert list(available()) == ["sqlite", "postgresql", "mariadb", "mysql"]


def test_settings_do_not_reach_a_test() -> None:
    assert not [name for name in os.environ if name.startswith(("DATABASE_", "DB_", "PG", "SECRET_KEY"))]


def test_a_failed_build_leaves_nothing_and_the_next_tries_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASEKEEPER_TEST_CACHE", str(tmp_path / "cache"))

    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise Unavailable("no network")

    with pytest.raises(Unavailable):
        build_once("thing", fail)
    whole = build_once("thing", lambda folder: (folder / "whole").touch())
    assert [path.name for path in whole.iterdir()] == ["whole"]


def _wait_until(holds: Callable[[], bool], seconds: float = 15) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.05)
