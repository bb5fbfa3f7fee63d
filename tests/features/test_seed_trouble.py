"""Seedings while the disk fills up, the server is killed, others hold or change the table, or seed too: the
rows that are there are whole and in the ledger, every index is back, and the next run brings it to its end
(TRUST F4, F6, F7, F10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, get_ident
from typing import Any

import pytest
from sqlalchemy import inspect, text

from core import failpoints
from core.connection import Dialect
from core.errors import LockTimeout, ServerError
from core.naming import new_id
from core.progress import Operation
from core.settings import Settings
from database import seeding
from database.adapters import network
from database.adapters.base import Capability, fetch_all
from database.adapters.sqlite.seeding import SQLiteSeeding
from database.context import application_context
from database.schema import find_faults
from features import seed_indexes
from features.seed_removal import clean_seeded
from features.seeding import resume_seed, seed
from models import db
from operations.runner import in_context
from tests.features.conftest import Configure
from tests.features.small_batches import make_small
from tests.operations.support import rows
from tests.schema_templates import SchemaTemplates
from tests.servers import PrivateServer

WISHES = {"users": 200, "ssh": 1_000}
KNOWN = """
    SELECT CASE WHEN first_key IS NULL THEN 0 WHEN done < wanted THEN done + 1 ELSE done END
    FROM seed_part WHERE table_name = 'ssh_profile'
"""  # the last row of a part is the first to be there


@pytest.fixture(autouse=True)
def _in_small_pieces(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(seed_indexes, "MANY", 100)
    make_small(monkeypatch)
    yield
    failpoints._listeners.clear()


def run(settings: Settings) -> None:
    with application_context(settings):
        seed(Operation(id=new_id()), settings.database.name, WISHES, made_by="ada", number=7)


def meanwhile(happen: Callable[[], object], *, batches: int = 5) -> None:
    """Let that happen once, after so many batches."""
    passed: list[str] = []

    def hear(name: str) -> None:
        passed.append(name)
        if name == "seeding.batch" and passed.count(name) == batches:
            happen()

    failpoints._listeners[:] = [hear]


def indexes(settings: Settings) -> Any:
    return in_context(settings, lambda: inspect(db.engine).get_multi_indexes())


def ends_well(settings: Settings, before: Any) -> None:
    """What is there is what the ledger says; the run that was cut off comes to its end."""
    failpoints._listeners.clear()
    there = rows(settings, "SELECT count(*) FROM ssh_profile")
    assert there == rows(settings, KNOWN) != [(1_000,)]
    with application_context(settings):
        assert not [one for one in find_faults(settings.database) if not one.message.startswith("Index")]
        assert resume_seed(Operation(id=new_id()), settings.database.name).done == sum(WISHES.values())
        assert not find_faults(settings.database)
    assert rows(settings, "SELECT count(*) FROM ssh_profile") == [(1_000,)]
    assert rows(settings, "SELECT sum(wanted) - sum(done) FROM seed_part") == [(0,)]
    assert rows(settings, "SELECT count(*) FROM seed_part WHERE set_aside IS NOT NULL") == [(0,)]
    assert indexes(settings) == before


def test_a_disk_that_fills_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    if settings.database.dialect is not Dialect.SQLITE:
        pytest.skip("the full disk of a server is not tried")
    before, prepare = indexes(settings), SQLiteSeeding.prepare
    [(pages,)] = rows(settings, "PRAGMA page_count")

    def prepare_small(self: SQLiteSeeding, connection: Any) -> None:
        prepare(self, connection)
        fetch_all(connection, f"PRAGMA max_page_count = {pages + 50}")

    with monkeypatch.context() as small:
        small.setattr(SQLiteSeeding, "prepare", prepare_small)
        with pytest.raises(ServerError, match="disk .* is full"):
            run(settings)
    ends_well(settings, before)


@pytest.mark.requires(Capability.SESSIONS)
def test_a_server_that_is_killed(
    configure: Configure, private_server: PrivateServer, templates: SchemaTemplates
) -> None:
    url = private_server.server.create_database("console")
    if (
        private_server.server.dialect != Dialect.POSTGRESQL
    ):  # as of itself, but not in tests, which are in a hurry
        private_server.server.execute(url, "SET GLOBAL innodb_flush_log_at_trx_commit = 1")
    templates.copy_into(url)
    settings = configure(url)
    before = indexes(settings)
    meanwhile(private_server.kill)
    with pytest.raises(ServerError, match="connection|server"):
        run(settings)
    private_server.start()
    away = [("ssh_profile",)] if settings.database.dialect is Dialect.POSTGRESQL else []
    assert rows(settings, "SELECT table_name FROM seed_part WHERE set_aside IS NOT NULL") == away
    ends_well(settings, before)


@pytest.mark.requires(Capability.ROW_LEVEL_SECURITY)  # PostgreSQL: by its LOCK TABLE
def test_a_table_that_another_session_holds(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    before = indexes(settings)
    monkeypatch.setattr(network, "LOCK_PATIENCE", 0.2)
    monkeypatch.setattr(seeding, "_TRIES", 2)
    with application_context(settings), db.engine.connect() as other:
        other.execute(text("LOCK TABLE ssh_profile IN EXCLUSIVE MODE"))
        with pytest.raises(LockTimeout, match="lock"):
            run(settings)
    ends_well(settings, before)


@pytest.mark.requires(Capability.SESSIONS)
def test_a_table_that_is_changed_meanwhile(settings: Settings) -> None:
    before = indexes(settings)

    def change(statement: str) -> None:
        with application_context(settings), db.engine.begin() as other:
            other.execute(text(statement))

    meanwhile(lambda: change("ALTER TABLE ssh_profile RENAME COLUMN host TO machine"))
    with pytest.raises(ServerError, match="host"):
        run(settings)
    change("ALTER TABLE ssh_profile RENAME COLUMN machine TO host")
    ends_well(settings, before)


@pytest.mark.every_server
def test_two_at_once(settings: Settings) -> None:
    """As two consoles would, which know of each other by the database alone; both with the same seed."""
    before, both, met = indexes(settings), Barrier(2, timeout=30), set()

    def meet(name: str) -> None:
        if name == "seeding.batch" and get_ident() not in met:
            met.add(get_ident())
            both.wait()

    failpoints._listeners[:] = [meet]
    with ThreadPoolExecutor(2) as two:
        list(two.map(run, [settings, settings]))
    assert rows(settings, "SELECT count(*), count(DISTINCT user_id) > 1 FROM ssh_profile") == [(2_000, True)]
    assert rows(settings, "SELECT sum(wanted), sum(done) FROM seed_part") == [(2_400, 2_400)]
    with application_context(settings):
        assert not find_faults(settings.database)
        removed = clean_seeded(Operation(id=new_id()), settings.database.name, ["users"])
    assert (removed.total, removed.kept) == (2_400, 0)
    assert rows(settings, "SELECT count(*) FROM ssh_profile") == [(0,)]
    assert indexes(settings) == before
