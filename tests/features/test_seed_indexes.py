"""Indexes that a seeding sets aside: the catalogue is the same afterwards, and the ledger knows of none,
whatever becomes of the run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from threading import Timer

import pytest
from sqlalchemy import text

from core import failpoints
from core.connection import Dialect
from core.errors import OperationCancelled, ServerError
from core.naming import new_id
from core.progress import Event, Noted, Operation
from core.settings import Settings
from database.context import application_context
from features import seed_indexes
from features.console_checks import check_console
from features.health_report import Status
from features.seed_indexes import databases_without_indexes
from features.seed_removal import clean_seeded
from features.seed_statistics import estimate, read_statistics
from features.seed_table_removal import undo_tables
from features.seed_tables import seed_tables
from features.seeding import UPSERT, plan_seed, resume_seed, seed
from jobs.seed_chores import settle_seedings
from models import db
from operations.reaper import reap
from operations.runner import Runner, in_context
from tests.features.killing import come_after, killed, points_of
from tests.features.restoring import ADMIN, run
from tests.features.small_batches import make_small
from tests.operations.support import rows
from tests.rounds import ROUNDS
from tests.servers import Server

pytestmark = pytest.mark.every_server
WISHES = {"users": 20, "ssh": 300}
CATALOGUES = {
    "postgresql": "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = current_schema() ORDER BY 1",
    "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'index' ORDER BY 1",
}
NOTES = (
    "CREATE TABLE note (id integer PRIMARY KEY, title varchar(40) NOT NULL, made date NOT NULL)",
    'CREATE INDEX "Title of note" ON note (title, made DESC)',
)
AWAY = "SELECT table_name FROM seed_part WHERE set_aside IS NOT NULL"


@pytest.fixture
def catalogue(server: Server) -> str:
    """The question for all indexes; where none are set aside the test is left out."""
    if server.dialect not in CATALOGUES:
        pytest.skip(f"{server.dialect} keeps its indexes")
    return CATALOGUES[server.dialect]


@pytest.fixture
def filled(own: Settings, catalogue: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """A console whose indexes are as they were at the end."""
    monkeypatch.setattr(seed_indexes, "MANY", 100)
    make_small(monkeypatch)
    before = rows(own, catalogue)
    with application_context(own):
        yield own
    failpoints._listeners.clear()
    assert rows(own, catalogue) == before
    assert rows(own, AWAY) == []


def profile_indexes(settings: Settings) -> int:
    found = rows(settings, CATALOGUES[settings.database.dialect])
    return len([name for name, _ in found if str(name).startswith("ix_ssh_profile")])


def at(place: str, act: Callable[[], object]) -> None:
    """Do that when a run comes to a failpoint."""

    def hear(name: str) -> None:
        if name == place:
            act()

    failpoints._listeners[:] = [hear]


def test_a_run_says_so_and_puts_them_back(filled: Settings) -> None:
    name = filled.database.name
    expected = estimate(plan_seed(name, WISHES), read_statistics(name))
    assert expected.set_aside == ("ssh_profile",)
    events: list[Event] = []
    seen: list[int] = []
    at("seeding.batch", lambda: seen.append(profile_indexes(filled)))
    seed(Operation(events.append, id=new_id()), name, WISHES, made_by="ada", number=7)
    assert 0 in seen
    notes = " ".join(event.message for event in events if isinstance(event, Noted))
    assert "of ssh_profile set aside" in notes and "of ssh_profile put back" in notes


def test_a_failure_or_a_cancel_puts_them_back(filled: Settings) -> None:
    def fail() -> None:
        if not profile_indexes(filled):
            raise ServerError("The disk is full.")

    at("seeding.rows", fail)
    with pytest.raises(ServerError, match="disk is full"):
        seed(Operation(id=new_id()), filled.database.name, WISHES, made_by="ada", number=7)
    assert profile_indexes(filled) == 2
    failpoints._listeners.clear()
    resume_seed(Operation(id=new_id()), filled.database.name)
    clean_seeded(Operation(id=new_id()), filled.database.name, ["users"])

    stops: list[int] = []
    at("seeding.indexes_dropped", lambda: stops.append(1))
    op = Operation(cancelled=lambda: bool(stops), id=new_id())
    with pytest.raises(OperationCancelled):
        seed(op, filled.database.name, WISHES, made_by="ada", number=7)
    assert stops


def test_a_table_in_use_keeps_them(filled: Settings) -> None:
    """One that reads it on PostgreSQL; on SQLite one that writes for longer than is waited for."""
    events: list[Event] = []
    with db.engine.connect() as other:
        if filled.database.dialect is Dialect.SQLITE:

            def write() -> None:
                failpoints._listeners.clear()
                other.execute(text("BEGIN IMMEDIATE"))
                Timer(3.5, other.close).start()

            at("seeding.indexes_kept", write)
        else:
            other.execute(text("SELECT 1 FROM ssh_profile"))
        seed(Operation(events.append, id=new_id()), filled.database.name, WISHES, made_by="ada", number=7)
    assert profile_indexes(filled) == 2
    assert any("stay: another session" in event.message for event in events if isinstance(event, Noted))


@pytest.mark.rounds
def test_whoever_comes_after_a_kill_puts_them_back(filled: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    name = filled.database.name
    points = points_of(lambda: run(filled, seed, name, WISHES, made_by="ada", number=7), monkeypatch)
    assert points.count("seeding.index_made") == 2
    numbers = [number for number, point in enumerate(points, 1) if ".index" in point]
    for number in numbers if ROUNDS >= 20 else numbers[1:2]:
        run(filled, clean_seeded, name, ["users"])
        id = Runner(ADMIN, filled).submit(seed, name, WISHES, made_by="ada", mode=UPSERT, number=7)
        killed(filled, id, number)
        assert rows(filled, AWAY) == [("ssh_profile",)]
        come_after(filled)
        assert rows(filled, f"SELECT state FROM operation WHERE id = '{id}'") == [("succeeded",)]
        assert (profile_indexes(filled), rows(filled, AWAY)) == (2, [])


@pytest.fixture
def cut_off(
    shop: Settings, server: Server, database_url: str, catalogue: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Settings]:
    """A registered database, where a run that was cut off is not gone on with: one was, with an index away,
    which is back at the end."""
    monkeypatch.setattr(seed_indexes, "MANY", 100)
    server.execute(database_url, *NOTES)
    before = server.execute(database_url, catalogue)
    killed(shop, Runner(ADMIN, shop).submit(seed_tables, "shop", ["note"], 300, made_by="ada", number=7), 2)
    assert len(server.execute(database_url, catalogue)) == len(before) - 1
    assert in_context(shop, databases_without_indexes) == ()  # the lock of the killed one says it is at work
    in_context(shop, reap, shop)
    yield shop
    assert server.execute(database_url, catalogue) == before
    assert rows(shop, AWAY) == []


def undo(shop: Settings) -> None:
    run(shop, undo_tables, "shop", str(rows(shop, "SELECT id FROM seed_run")[0][0]))


def checked(shop: Settings) -> list[tuple[Status, str]]:
    """What the console's check says of indexes."""
    checks = in_context(shop, check_console)
    return [(check.status, check.value) for check in checks if check.name == "indexes"]


def test_a_worker_puts_back_what_nobody_goes_on_with(cut_off: Settings) -> None:
    assert checked(cut_off) == [(Status.DEGRADED, "set aside by a seeding that was cut off: shop")]
    in_context(cut_off, settle_seedings, cut_off)
    come_after(cut_off)
    assert rows(cut_off, AWAY) == [] and checked(cut_off) == []
    undo(cut_off)
    run(cut_off, seed_tables, "shop", ["note"], 300, made_by="ada", number=7)


def test_who_takes_the_rows_out_puts_them_back(cut_off: Settings) -> None:
    undo(cut_off)
