"""What is broken already in a live database keeps nobody from having its backup back."""

from __future__ import annotations

import pytest

from core.settings import Settings
from database.context import application_context
from features.replacements import list_replacements, undo_restore
from features.restores import plan_restore
from tests.features.restoring import BOOKS, add_books, back_up, count, leftovers, restore, run
from tests.servers import Server


@pytest.mark.every_server
@pytest.mark.parametrize("skip_backup", [False, True])
def test_a_table_that_was_dropped_under_a_view_comes_back(
    shop: Settings, server: Server, database_url: str, skip_backup: bool
) -> None:
    if server.dialect == "postgresql":
        pytest.skip("It lets nobody drop a table under a view")
    server.execute(
        database_url,
        "CREATE TABLE loan (id integer PRIMARY KEY)",
        "INSERT INTO loan VALUES (1), (2)",
        "CREATE VIEW open_loan AS SELECT * FROM loan",
    )
    backup = back_up(shop)
    server.execute(database_url, "DROP TABLE loan")
    add_books(server, database_url, 1000, 5)
    with application_context(shop):
        plan = plan_restore(backup.id, "shop")
    is_named = any("The view open_loan is broken" in one.message for one in plan.obstacles)
    assert plan.is_possible and (is_named or server.dialect == "sqlite")
    restore(shop, backup.id, skip_backup=skip_backup)
    assert (count(server, database_url), count(server, database_url, "open_loan")) == (BOOKS, 2)
    assert not leftovers(shop)
    with application_context(shop):
        (kept,) = list_replacements("shop")
    run(shop, undo_restore, kept.id, "shop", made_by="ada")
    assert count(server, database_url) == BOOKS + 5
