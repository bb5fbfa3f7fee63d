"""Indexes that a table can do without for a while: only those that come back exactly as they were."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.connection import parse_url
from database.adapters.base import Capability
from database.spare_indexes import open_index_keeper
from tests.servers import Server

TABLE = (
    'CREATE TABLE "Odd table" (id int PRIMARY KEY, a text UNIQUE, b int, c int4range, day date NOT NULL,'
    " EXCLUDE USING gist (c WITH &&))",
    'CREATE UNIQUE INDEX one ON "Odd table" (b)',
    'CREATE INDEX remarked ON "Odd table" (b)',
    "COMMENT ON INDEX remarked IS 'why it is there'",
    'CREATE INDEX sorted ON "Odd table" (b)',
    'ALTER TABLE "Odd table" CLUSTER ON sorted',
    'CREATE INDEX measured ON "Odd table" ((b + 1))',
    "ALTER INDEX measured ALTER COLUMN 1 SET STATISTICS 500",
    'CREATE INDEX folded ON "Odd table" (lower(a))',
    'CREATE INDEX partial ON "Odd table" (b) WHERE b % 2 = 1',
)
SPARE = (
    """CREATE INDEX "Of a's" ON "Odd table" (a text_pattern_ops DESC NULLS LAST)""",
    'CREATE INDEX covering ON "Odd table" USING btree (day) INCLUDE (b) WITH (fillfactor = 70)',
    'CREATE INDEX ranged ON "Odd table" USING gist (c)',
)
ROWS = 1_000_000
CATALOGUE = "SELECT indexname, indexdef FROM pg_indexes WHERE tablename = 'Odd table' ORDER BY 1"


@pytest.mark.requires(Capability.ROW_LEVEL_SECURITY)
def test_only_what_comes_back_as_it_was_goes(server: Server, database_url: str) -> None:
    server.execute(database_url, *TABLE, *SPARE)
    before = server.execute(database_url, CATALOGUE)
    with open_index_keeper(parse_url(database_url)) as keeper:
        found = keeper.find("Odd table", ROWS)
        assert [one.name for one in found] == ['"Of a\'s"', "covering", "ranged"]
        assert keeper.drop(found)
        assert len(server.execute(database_url, CATALOGUE)) == len(before) - 3
        for index in (*found, *found):  # the second time there is nothing to do
            assert keeper.make(index)
        assert server.execute(database_url, CATALOGUE) == before

        assert keeper.drop(found)
        server.execute(database_url, 'ALTER TABLE "Odd table" DROP COLUMN c')
        assert [keeper.make(one) for one in found] == [True, True, False]


@pytest.mark.requires(Capability.ROW_LEVEL_SECURITY)
def test_who_may_not_make_an_index_drops_none(server: Server, database_url: str, role: str) -> None:
    server.execute(database_url, *TABLE, *SPARE)
    account = replace(parse_url(database_url), user=role, password="secret")
    with open_index_keeper(account) as keeper:
        assert keeper.find("Odd table", ROWS) == ()
        server.execute(database_url, f'ALTER TABLE "Odd table" OWNER TO {role}')
        assert keeper.find("Odd table", ROWS) == ()
        server.execute(database_url, f"GRANT CREATE ON SCHEMA public TO {role}")
        assert len(keeper.find("Odd table", ROWS)) == len(SPARE)


FILE = (
    'CREATE TABLE "Odd table" (id integer PRIMARY KEY, a text UNIQUE, b int, day date NOT NULL)',
    'CREATE UNIQUE INDEX one ON "Odd table" (b)',
    """CREATE INDEX "Of ""a""'s" ON "Odd table" (a COLLATE NOCASE DESC)""",
    'CREATE INDEX folded ON "Odd table" (lower(a))',
    'CREATE INDEX partial ON "Odd table" (b) WHERE b % 2 = 1',
    'CREATE INDEX semicolon ON "Odd table" (b /* ; */)',
    'CREATE INDEX dated ON "Odd table" (day, b)',
)
OF_FILE = "SELECT name, sql FROM sqlite_master ORDER BY 1"
INSISTS = "CREATE VIEW lately AS SELECT * FROM \"Odd table\" INDEXED  BY dated WHERE day > '2020-01-01'"


def test_a_file_spares_what_is_not_unique(server: Server, database_url: str) -> None:
    if server.dialect != "sqlite":
        pytest.skip("of an SQLite file")
    server.execute(database_url, *FILE)
    before = server.execute(database_url, OF_FILE)
    with open_index_keeper(parse_url(database_url)) as keeper:
        found = keeper.find("odd TABLE", ROWS)
        assert [one.name for one in found] == ['"Of ""a""\'s"', '"dated"']
        assert keeper.drop(found)
        assert len(server.execute(database_url, OF_FILE)) == len(before) - 2
        for index in (*found, *found):  # the second time there is nothing to do
            assert keeper.make(index)
        assert server.execute(database_url, OF_FILE) == before
        assert keeper.find("Odd table", ROWS + 1) == ()  # to make them would keep others out for long

        assert keeper.drop(found)
        server.execute(database_url, 'ALTER TABLE "Odd table" DROP COLUMN day')
        assert [keeper.make(one) for one in found] == [True, False]
        server.execute(database_url, 'DROP TABLE "Odd table"')
        assert [keeper.make(one) for one in found] == [False, False]


def test_a_file_keeps_what_a_view_insists_on(server: Server, database_url: str) -> None:
    if server.dialect != "sqlite":
        pytest.skip("of an SQLite file")
    server.execute(database_url, *FILE, INSISTS)
    with open_index_keeper(parse_url(database_url)) as keeper:
        assert keeper.find("Odd table", ROWS) == ()


@pytest.fixture
def role(server: Server, database_url: str) -> Iterator[str]:
    """An account that may sign in, and no more."""
    name = f"test_{secrets.token_hex(6)}"
    server.execute(
        database_url,
        "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
        f"CREATE ROLE {name} LOGIN PASSWORD 'secret'",
    )
    yield name
    server.execute(database_url, f"DROP OWNED BY {name}", f"DROP ROLE {name}")
