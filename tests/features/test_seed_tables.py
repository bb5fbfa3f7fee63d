"""Seeding of schemas that nobody here made: Chinook, and a small one with all that is awkward."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import InvalidInput
from core.naming import new_id
from core.progress import Operation
from core.settings import Settings
from database.context import application_context
from features.seed_table_removal import undo_tables
from features.seed_tables import seed_tables
from tests.features import restoring
from tests.features.chinook import TABLES, load_chinook, rows_of
from tests.features.conftest import Configure
from tests.servers import Server

AWKWARD = (
    "CREATE TABLE zone (code CHAR(20) PRIMARY KEY, name VARCHAR(20) NOT NULL UNIQUE)",
    """CREATE TABLE person (id INTEGER PRIMARY KEY, boss_id INTEGER NOT NULL REFERENCES person (id),
        zone_code CHAR(20) NOT NULL, grade VARCHAR(5) NOT NULL CHECK (grade IN ('low', 'high')),
        born DATE NOT NULL, died DATE, age INTEGER NOT NULL CHECK (age BETWEEN 20 AND 30),
        twice INTEGER NOT NULL UNIQUE, CONSTRAINT lived CHECK (died IS NULL OR died >= born),
        FOREIGN KEY (zone_code) REFERENCES zone (code))""",
    "CREATE TABLE friend (a_id INTEGER NOT NULL REFERENCES person (id), b_id INTEGER NOT NULL, "
    "FOREIGN KEY (b_id) REFERENCES person (id), PRIMARY KEY (a_id, b_id))",
)
IMPOSSIBLE = "CREATE TABLE odd (id INTEGER PRIMARY KEY, sum INTEGER NOT NULL CHECK (sum * sum = 1369))"


def op() -> Operation:
    return Operation(id=new_id())


@pytest.fixture
def shop(
    configure: Configure, sqlite_schema_url: str, tmp_path: Path, server: Server, database_url: str
) -> Iterator[Settings]:
    """A console on SQLite, in which an empty database of each kind is registered as shop."""
    settings = restoring.registered(
        restoring.able(configure(sqlite_schema_url), server, tmp_path), database_url
    )
    with application_context(settings):
        yield settings


@pytest.mark.every_server
def test_chinook_is_filled_and_emptied(shop: Settings, server: Server, database_url: str) -> None:
    load_chinook(server, database_url)
    run = seed_tables(op(), "shop", [], 40, made_by="ada", number=7)
    assert rows_of(server, database_url) == {name: count + 40 for name, count in TABLES.items()}
    assert run.done == run.rows == 11 * 40
    undo_tables(op(), "shop", run.id)
    assert rows_of(server, database_url) == TABLES


@pytest.mark.every_server
def test_checks_circles_and_pairs(shop: Settings, server: Server, database_url: str) -> None:
    server.execute(database_url, *AWKWARD)
    run = seed_tables(op(), "shop", ["friend"], 30, made_by="ada", number=7)  # and what it needs
    for table in ("zone", "person", "friend"):
        assert server.execute(database_url, f"SELECT count(*) FROM {table}") == [(30,)]
    undo_tables(op(), "shop", run.id)
    assert server.execute(database_url, "SELECT count(*) FROM person") == [(0,)]

    server.execute(database_url, IMPOSSIBLE)
    with pytest.raises(InvalidInput, match=r"odd\.sum has a check"):
        seed_tables(op(), "shop", [], 5, made_by="ada", number=7)
    assert server.execute(database_url, "SELECT count(*) FROM zone") == [(0,)]
