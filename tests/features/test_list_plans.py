"""How PostgreSQL answers each list: by an index, whatever is asked; and parts of names, once their index is
there (issue: lists that stay fast)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError

from core.clock import utc_now
from core.errors import Unsupported
from core.progress import Operation
from core.settings import Settings
from database.context import application_context
from database.migrator import metadata_differences, migrate
from database.schema import find_faults
from features.activity_list import ActivityFilter, list_activity
from features.part_index import index_search
from features.user_list import SORTS, UserFilter, list_users
from models import db
from scripts.benchmarks.list_data import fill
from tests.features.conftest import Configure
from tests.servers import Missing, Unavailable, available, postgresql_15

USERS = 20_000
BIG = ("user", "user_log")
NOW = utc_now()
FILTERS = (
    *(UserFilter(sort=sort) for sort in SORTS),
    UserFilter(search="user1999"),
    UserFilter(search="nobody"),
    UserFilter(search="u", role="operator"),
    UserFilter(role="admin"),
    UserFilter(role="operator", sort="-created"),
    UserFilter(state="inactive"),
    UserFilter(tier="team"),
    UserFilter(tier="pro", state="active"),
)
ACTIVITIES = (
    ActivityFilter(),
    ActivityFilter(user="user77"),
    ActivityFilter(action="login"),
    ActivityFilter(address="10.7.3."),
    ActivityFilter(since=NOW - timedelta(days=7)),
    ActivityFilter(user="x", action="logout"),
)


@pytest.fixture
def crowd(configure: Configure) -> Iterator[Settings]:
    """Twenty thousand users with five sign-ins each, on PostgreSQL alone: the plans are its."""
    server = available()["postgresql"]
    if isinstance(server, Missing):
        pytest.skip(server.reason)
    url = server.create_database()
    with application_context(settings := _filled(configure, url)):
        yield settings
    server.drop_database(url)


def _filled(configure: Configure, url: str) -> Settings:
    settings = configure(url)
    migrate(settings.database, applied_by="test")
    fill(url, USERS)
    return settings


def scans_of(ask: Callable[[], object]) -> list[tuple[str, str]]:
    """How each table is read by what `ask` sends: the kind of scan, and of which table or by which index."""
    asked: list[tuple[str, Any]] = []

    def hear(_c: Any, _cursor: Any, statement: str, values: Any, _context: Any, _many: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, values))

    event.listen(db.engine, "before_cursor_execute", hear)
    try:
        ask()
    finally:
        event.remove(db.engine, "before_cursor_execute", hear)
    with db.engine.connect() as connection:
        plans = [
            connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", values).scalar_one()
            for statement, values in asked
        ]
    return [scan for plan in plans for scan in walk(plan[0]["Plan"])]


def walk(node: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield node["Node Type"], node.get("Relation Name") or node.get("Index Name", "")
    for inner in node.get("Plans", ()):
        yield from walk(inner)


def check(ask: Callable[[], object], what: object) -> None:
    whole = [scan for scan in scans_of(ask) if scan[0] == "Seq Scan" and scan[1] in BIG]
    assert not whole, what


def test_no_list_reads_a_big_table_from_end_to_end(crowd: Settings) -> None:
    for wanted in FILTERS:
        check(partial(list_users, wanted, NOW), wanted)
        if cursor := list_users(wanted, NOW, limit=200).next_cursor:
            check(partial(list_users, wanted, NOW, cursor), (wanted, "the next page"))
    for which in ACTIVITIES:
        check(partial(list_activity, which), which)
        if cursor := list_activity(which, limit=200).next_cursor:
            check(partial(list_activity, which, cursor), (which, "the next page"))


@pytest.fixture
def crowd_with_trigrams(configure: Configure) -> Iterator[Settings]:
    """The same on a server that has the extension, as the private one of the tests has not."""
    try:
        process, server = postgresql_15.start()
    except Unavailable as reason:
        pytest.skip(f"postgresql 15 missing: {reason}")
    try:
        settings = _filled(configure, server.create_database())
        with application_context(settings):
            yield settings
            db.engine.dispose()
    finally:
        process.close()


def test_parts_of_names_are_found_once_their_index_is_there(crowd_with_trigrams: Settings) -> None:
    assert list_users(UserFilter(search="ser1999"), NOW).rows == ()
    with pytest.raises(Unsupported, match="pg_trgm"):
        index_search(Operation())
    try:
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("CREATE EXTENSION pg_trgm"))
    except DBAPIError as error:
        pytest.skip(f"pg_trgm is not installed: {error}")
    index_search(Operation())
    wanted = UserFilter(search="SER1999", sort="-created")
    found = [one.username for one in list_users(wanted, NOW).rows]
    assert found[-1] == "user1999" and len(found) == 11
    scans = scans_of(partial(list_users, wanted, NOW))
    assert ("Bitmap Index Scan", "parts_of_user") in scans
    assert not [fault for fault in find_faults(crowd_with_trigrams.database) if "parts_of" in str(fault)]
    with db.engine.connect() as connection:
        assert metadata_differences(connection) == ()
