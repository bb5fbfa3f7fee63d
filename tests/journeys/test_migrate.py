"""`migrate.py` on databases in every state: no schema, no revision, at the newest revision."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys.tools import Ran, run_tool
from tests.servers import Server

Tool = Callable[..., Ran]


@pytest.fixture
def tool(database_url: str, tmp_path: Path) -> Tool:
    """A tool on a fresh database."""

    def run(door: str, *arguments: str, **settings: str) -> Ran:
        return run_tool(door, *arguments, cwd=tmp_path, DATABASE_URL=database_url, **settings)

    return run


def test_history_before_there_is_a_schema(tool: Tool) -> None:
    ran = tool("migrate.py", "history")
    assert (ran.code, ran.out, ran.err) == (0, "No migration was applied yet.\n", "")


def test_history_that_the_server_refuses_is_explained(tool: Tool, server: Server, database_url: str) -> None:
    tool("manage_db.py", "init")
    server.execute(database_url, "ALTER TABLE migration_history RENAME COLUMN duration TO other")
    ran = tool("migrate.py", "history")
    assert ran.code == 1
    assert "Unexpected" not in ran.error


def test_a_revision_is_named_once(tool: Tool) -> None:
    revision = re.search(
        r"^Newest +(\w+)$", tool("migrate.py", "init").out + tool("migrate.py", "status").out, re.M
    )
    assert revision
    for command in ("history", "status"):
        for line in tool("migrate.py", command).out.splitlines():
            assert line.count(revision[1]) <= 1
    assert re.search(r"\w{12} +baseline\b", tool("migrate.py", "history").out)


def test_tables_without_a_revision_are_left_alone(tool: Tool, server: Server, database_url: str) -> None:
    tool("manage_db.py", "init")
    server.execute(database_url, "DELETE FROM alembic_version")
    ran = tool("migrate.py", "migrate")
    assert ran.code == 1
    assert ran.error.endswith("has tables but no revision. Adopt them: python manage_db.py init")
    assert "Migrate" not in ran.err  # nothing was started
    assert tool("manage_db.py", "init").code == 0
    assert tool("migrate.py", "migrate").out == "Nothing is pending.\n"


def test_init_lists_three_faults_and_counts_the_others(tool: Tool, server: Server, database_url: str) -> None:
    server.execute(database_url, "CREATE TABLE command (id INTEGER PRIMARY KEY)")
    ran = tool("migrate.py", "init")
    assert ran.code == 1
    assert re.search(r"And \d+ more, which `manage_db\.py verify` lists\. Complete it: ", ran.error)
    assert len(ran.error) < 500


@pytest.mark.every_server
def test_nothing_is_pending_at_the_newest_revision(tool: Tool) -> None:
    tool("manage_db.py", "init")
    head = tool("migrate.py", "migrate")
    assert (head.code, head.out) == (0, "Nothing is pending.\n")
    beyond = tool("migrate.py", "migrate", "+1")
    assert beyond.code == 2
    assert re.search(r"Error: Nothing is pending beyond \w{12}\. The database has", beyond.error)


def test_undoing_names_what_is_lost(tool: Tool) -> None:
    tool("manage_db.py", "init", "--sample-data")
    ran = tool("migrate.py", "migrate", "-1")
    assert ran.code == 1
    asked = r"Undoing 1 migration of \S+ (with [^(]+ )?\(a backup is taken first\) was not confirmed"
    assert re.search(asked, ran.error)


def test_production_asks_for_every_missing_flag_at_once(tool: Tool) -> None:
    tool("manage_db.py", "init")
    for door, *command in (("manage_db.py", "drop"), ("migrate.py", "migrate", "-1")):
        ran = tool(door, *command, FLASK_ENV="production")
        assert ran.code == 1
        assert re.search(r"Add --(confirm|force) and --confirm-name NAME in production\.$", ran.error)
