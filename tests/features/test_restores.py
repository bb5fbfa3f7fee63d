"""Backups put back: beside the live database and in its place, as a new one, and never by half (TRUST D4, D5,
B2, B3, B8 to B12)."""

from __future__ import annotations

from core.settings import Settings
from database.context import application_context
from features.replacements import list_replacements, undo_restore
from tests.features.restoring import (
    BOOKS,
    add_books,
    back_up,
    count,
    leftovers,
    restore,
    run,
)
from tests.servers import Server


def test_a_restore_takes_the_place_of_what_is_there_and_can_be_undone(
    shop: Settings, server: Server, database_url: str
) -> None:
    """The whole walk: nothing is lost, and the way back stays open (TRUST D4, B10)."""
    backup = back_up(shop)
    add_books(server, database_url, 1000, 5)
    server.execute(database_url, "DELETE FROM book WHERE id = 7")
    assert restore(shop, backup.id) == "shop"
    assert count(server, database_url) == BOOKS
    with application_context(shop):
        (kept,) = list_replacements("shop")
    assert (kept.state, kept.can_undo, kept.backup_id) == ("swapped", True, backup.id)
    assert not leftovers(shop)
    run(shop, undo_restore, kept.id, "shop", made_by="ada")
    assert count(server, database_url) == BOOKS + 4
