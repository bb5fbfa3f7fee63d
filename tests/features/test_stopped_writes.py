"""A restore that lets nobody write from its beginning on, where the server can do that."""

from __future__ import annotations

import threading
from contextlib import closing

import pytest
from psycopg2 import OperationalError

from core import failpoints
from core.errors import Unsupported
from core.settings import Settings
from database.context import application_context
from features.backups import list_backups
from features.restores import plan_restore
from tests.features.restoring import BOOKS, add_books, back_up, count, restore
from tests.servers import Missing, Server, available
from tests.servers.server import connect


@pytest.fixture
def server() -> Server:
    """The one kind that can."""
    one = available()["postgresql"]
    if isinstance(one, Missing):
        pytest.skip(f"postgresql missing: {one.reason}")
    return one


def test_nothing_that_was_acknowledged_is_lost(
    shop: Settings, server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever writes waits, and is ended by the swap; whoever reads goes on."""
    backup = back_up(shop)
    add_books(server, database_url, 1000, 3)
    acknowledged: list[bool] = []

    def write() -> None:
        with closing(connect(database_url)) as connection, closing(connection.cursor()) as cursor:
            try:
                cursor.execute("INSERT INTO book VALUES (2000, 1, 'Late')")
                acknowledged.append(True)
            except OperationalError:
                acknowledged.append(False)

    writer = threading.Thread(target=write)

    def listen(name: str) -> None:
        if name == "restore.writes_stopped":
            writer.start()
            assert count(server, database_url) == BOOKS + 3

    monkeypatch.setattr(failpoints, "_listeners", [listen])
    with application_context(shop):
        assert plan_restore(backup.id).can_stop_writes
    assert restore(shop, backup.id, stop_writes=True) == "shop"
    writer.join(60)
    assert acknowledged == [False]
    assert count(server, database_url) == BOOKS
    with application_context(shop):
        newest = list_backups("shop").backups[0]
        own = shop.database.name
    assert (newest.reason, newest.row_count) == ("before restore", BOOKS + 3 + 2)
    mine = back_up(shop, own)
    with pytest.raises(Unsupported, match="its own restore"):
        restore(shop, mine.id, own, stop_writes=True)
