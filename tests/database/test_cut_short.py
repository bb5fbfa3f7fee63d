"""A creation or a downgrade that was cut short at any statement can be repeated (ARCHITECTURE section 4)."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from core.connection import Dialect, parse_url
from core.errors import LockTimeout
from core.progress import Operation
from database.adapters import adapter_class
from database.adapters.base import Capability
from database.migrator import migrate
from database.revisions import known_revisions
from database.schema import find_faults
from database.setup import make_schema
from tests.database.ending import CODE, end_after
from tests.database.trees import scalars, tables
from tests.forking import run_forked
from tests.servers import Server
from tests.servers.server import connect


@pytest.mark.parametrize("way", ["init", "head"])
def test_a_creation_killed_after_any_statement_can_be_repeated(
    server: Server, database_url: str, way: str
) -> None:
    """By `init` and by the migrations: places where MySQL has made indexes of its own for foreign keys, some
    where it has not, and one in the midst of the second revision."""
    for number in (1, 6, 17, 40) if way == "init" else (1, 17, 40, 64):
        url = database_url if number == 1 else server.create_database()
        migrate_until_killed(url, way, number)
        parameters = parse_url(url)
        if way == "init":
            make_schema(Operation(), parameters, applied_by="test")
        migrate(parameters, applied_by="test")
        assert find_faults(parameters) == (), number
        assert len(scalars(url, "SELECT version_num FROM alembic_version")) == 1
        if url != database_url:
            server.drop_database(url)


def test_an_index_that_only_bears_the_name_of_a_key_is_named(server: Server, database_url: str) -> None:
    only_without_transactional_ddl(server)
    migrate(parse_url(database_url), applied_by="test")
    server.execute(database_url, "CREATE INDEX fk_session_user_id ON session (device)")
    [fault] = find_faults(parse_url(database_url))
    assert fault.message == "Index fk_session_user_id on session is not in the models."


def test_a_downgrade_that_meets_a_lock_drops_nothing(
    server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRUST section 4.3 (d): another session reads one table, the last that would be dropped."""
    if server.dialect == "sqlite":
        pytest.skip("there a reader holds nothing")
    monkeypatch.setattr("database.engine.LOCK_TIMEOUT", 1.0)
    monkeypatch.setattr("database.migrator.LOCK_TRIES", 1)
    parameters = parse_url(database_url)
    first = known_revisions()[0].id
    migrate(parameters, first, applied_by="test")
    before = find_faults(parameters)
    user = '"user"' if server.dialect == "postgresql" else "user"
    with closing(connect(database_url)) as other, closing(other.cursor()) as cursor:
        cursor.execute("BEGIN")
        cursor.execute(f"SELECT count(*) FROM {user}")
        with pytest.raises(LockTimeout):
            migrate(parameters, "base", applied_by="test")
    assert find_faults(parameters) == before
    assert scalars(database_url, "SELECT version_num FROM alembic_version") == [first]
    migrate(parameters, "base", applied_by="test")
    assert tables(database_url) == set()


def test_a_downgrade_killed_or_half_done_can_be_repeated(server: Server, database_url: str) -> None:
    parameters = parse_url(database_url)
    migrate(parameters, applied_by="test")
    migrate_until_killed(database_url, "base", 1)
    if server.dialect == "mariadb":  # one statement, which it does table by table
        server.execute(database_url, "DROP TABLE IF EXISTS migration_history, audit")
    migrate(parameters, "base", applied_by="test")
    assert tables(database_url) == set()


def migrate_until_killed(url: str, target: str, number: int) -> None:
    """Migrate in a process that ends at once after `number` statements."""
    ended = run_forked(end_after, url, target, str(number), cwd=Path.cwd(), environment=os.environ)
    assert ended.code == CODE, ended.err


def only_without_transactional_ddl(server: Server) -> None:
    """Elsewhere a creation that is cut short leaves nothing."""
    if Capability.TRANSACTIONAL_DDL in adapter_class(Dialect(server.dialect)).capabilities:
        pytest.skip("a creation that is cut short leaves nothing")
