"""Backups put back: beside the live database and in its place, as a new one, and never by half (TRUST D4, D5,
B2, B3, B10)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import select, update

from core.clock import utc_now
from core.errors import (
    AlreadyExists,
    BackupLocked,
    Conflict,
    InvalidInput,
    NotFound,
)
from core.settings import Settings
from database.context import application_context
from database.transactions import transaction
from features.backup_figures import summarise
from features.backup_results import backup_of
from features.backups import list_backups, read_backup
from features.replacements import (
    drop_kept,
    list_replacements,
    overdue_replacements,
    read_replacement,
    undo_restore,
)
from features.restore_plans import RevisionOrder
from features.restores import plan_restore
from jobs.backup_chores import settle_restores
from jobs.catalogue import CATALOGUE
from models import Replacement
from operations.performing import perform
from operations.runner import in_context
from tests.features.restoring import (
    BOOKS,
    add_books,
    back_up,
    count,
    leftovers,
    name_beside,
    names_beside,
    restore,
    run,
    untouched,
    url_of,
)
from tests.operations.support import rows
from tests.servers import Server


@pytest.mark.every_server
def test_a_restore_takes_the_place_of_what_is_there_and_can_be_undone(
    shop: Settings, server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole walk: nothing is lost, and the way back stays open (TRUST D4, B10)."""
    now = utc_now()  # all of it within one second
    monkeypatch.setattr("features.swaps.utc_now", lambda: now)
    backup = back_up(shop)
    add_books(server, database_url, 1000, 5)
    server.execute(database_url, "DELETE FROM book WHERE id = 7")
    assert restore(shop, backup.id) == "shop"
    assert count(server, database_url) == BOOKS
    with application_context(shop):
        (kept,) = list_replacements("shop")
        newest = list_backups("shop").backups[0]
        assert backup_of(kept.operation_id) == read_backup(backup.id).backup
    assert (kept.state, kept.can_undo, kept.backup_id) == ("swapped", True, backup.id)
    assert (newest.reason, newest.row_count, newest.level) == ("before restore", BOOKS + 6, "readable")
    assert not leftovers(shop)
    run(shop, undo_restore, kept.id, "shop", made_by="ada")
    assert count(server, database_url) == BOOKS + 4
    # What was undone is kept in turn: the undo is undone.
    with application_context(shop):
        back, undone = list_replacements("shop")
    assert (undone.state, undone.can_undo, back.can_undo) == ("undone", False, True)
    run(shop, undo_restore, back.id, "shop", made_by="ada")
    assert count(server, database_url) == BOOKS
    with application_context(shop):
        assert len({one.kept_name for one in list_replacements("shop")}) == 3


@pytest.mark.every_server
def test_a_restore_into_a_new_database_leaves_the_live_one_alone(
    shop: Settings, server: Server, database_url: str
) -> None:
    backup, name = back_up(shop), name_beside(database_url)
    add_books(server, database_url, 1000, 5)
    assert restore(shop, backup.name, new_name=name) == name
    assert count(server, url_of(server, database_url, name)) == BOOKS
    assert untouched(shop, server, database_url, BOOKS + 5)
    with pytest.raises(AlreadyExists):
        restore(shop, backup.name, new_name=name)
    assert count(server, url_of(server, database_url, name)) == BOOKS


def test_the_last_restore_says_how_long_the_next_one_takes(shop: Settings) -> None:
    backup = back_up(shop)
    with application_context(shop):
        before = plan_restore(backup.id)
    assert before.seconds is None
    assert before.away_seconds is None
    restore(shop, backup.id)
    with application_context(shop):
        after = plan_restore(backup.id)
        proven, asked_for = read_backup(backup.id).backup.restore_seconds, summarise("shop").restore_seconds
    assert proven and asked_for and asked_for > proven  # with the backup before it, and the swap
    assert after.seconds
    assert after.away_seconds


def test_the_plan_says_what_is_lost_and_changes_nothing(
    shop: Settings, server: Server, database_url: str
) -> None:
    backup = back_up(shop)
    add_books(server, database_url, 1000, 5)
    server.execute(database_url, "CREATE TABLE later (id integer PRIMARY KEY)")
    with application_context(shop):
        plan = plan_restore(backup.name)
    assert plan.is_possible
    assert (plan.database, plan.environment, plan.is_own) == ("shop", "staging", False)
    (book,) = plan.tables_lost
    assert (book.name.rpartition(".")[2], book.now, book.after, book.lost) == ("book", BOOKS + 5, BOOKS, 5)
    later = next(table for table in plan.tables if table.name.endswith("later"))
    assert (later.now, later.after) == (0, None)
    assert (plan.rows_lost, plan.loses_data, plan.revision) == (5, True, RevisionOrder.NONE)
    assert plan.command == f"python manage_db.py restore {backup.name}"
    assert plan.undo_until
    assert plan.undo_until > utc_now() + timedelta(days=6)
    assert untouched(shop, server, database_url, BOOKS + 5)
    assert not names_beside(server, database_url)


def test_what_is_kept_goes_when_its_time_is_over(shop: Settings, server: Server, database_url: str) -> None:
    restore(shop, back_up(shop).id)
    assert len(names_beside(server, database_url)) == 1
    with application_context(shop):
        assert overdue_replacements() == ()
        (kept,) = list_replacements("shop", kept_only=True)
        with transaction() as session:
            session.execute(update(Replacement).values(kept_until=utc_now() - timedelta(seconds=1)))
        assert overdue_replacements() == ((kept.id, "shop"),)
    run(shop, drop_kept, kept.id, "shop")
    assert not names_beside(server, database_url)
    assert count(server, database_url) == BOOKS
    with application_context(shop):
        assert read_replacement(kept.id).state == "dropped"
    for feature, more in ((drop_kept, {}), (undo_restore, {"made_by": "ada"})):
        with pytest.raises(Conflict, match="dropped"):
            run(shop, feature, kept.id, "shop", **more)


@pytest.mark.every_server
def test_what_was_dropped_by_hand_is_gone_and_not_on_offer(
    shop: Settings, server: Server, database_url: str
) -> None:
    backup = back_up(shop)
    for _ in range(2):
        restore(shop, backup.id)
    with application_context(shop):
        newer, older = list_replacements("shop")
    for one in (newer, older):
        server.drop_database(url_of(server, database_url, one.kept_name.rpartition("/")[2]))
    with pytest.raises(Conflict, match="not on the server any more"):
        run(shop, undo_restore, newer.id, "shop", made_by="ada")
    run(shop, drop_kept, older.id, "shop")
    with application_context(shop):
        found = list_replacements("shop")
    assert [(one.state, one.can_undo) for one in found] == [("dropped", False)] * 2


def test_one_that_cannot_be_dropped_holds_back_no_other(
    shop: Settings, server: Server, database_url: str
) -> None:
    """The worker asks for each on its own: the oldest has become somebody else's database."""
    backup = back_up(shop)
    for _ in range(3):
        restore(shop, backup.id)
    with application_context(shop), transaction() as session:
        session.execute(update(Replacement).values(kept_until=utc_now() - timedelta(days=1)))
        first = session.scalars(select(Replacement).order_by(Replacement.id)).first()
        assert first
        first.live_identity = "another"
    for _ in range(3):
        in_context(shop, settle_restores, shop)
        for (id,) in rows(shop, "SELECT id FROM operation WHERE state = 'queued'"):
            perform(shop, CATALOGUE, str(id))
    assert rows(shop, "SELECT state FROM replacement ORDER BY id") == [("swapped",), *[("dropped",)] * 2]


def test_an_older_restore_is_undone_after_the_newer_ones(
    shop: Settings, server: Server, database_url: str
) -> None:
    backup = back_up(shop)
    add_books(server, database_url, 1000, 5)
    restore(shop, backup.id)
    restore(shop, backup.id)
    with application_context(shop):
        newer, older = list_replacements("shop")
    assert (newer.can_undo, older.can_undo) == (True, False)
    with pytest.raises(Conflict, match="after it first"):
        run(shop, undo_restore, older.id, "shop", made_by="ada")
    with pytest.raises(InvalidInput):
        run(shop, undo_restore, older.id, Path(shop.database.database).stem, made_by="ada")
    assert count(server, database_url) == BOOKS


def test_what_does_not_exist_is_said(shop: Settings) -> None:
    backup = back_up(shop)
    with application_context(shop):
        for names in (("nothing",), (backup.id, "nowhere")):
            with pytest.raises(NotFound):
                plan_restore(*names)
        assert not plan_restore(backup.id, new_name=f"bk_new_{backup.id}").is_possible
    for id in ("nothing", backup.id):
        with pytest.raises(NotFound):
            run(shop, undo_restore, id, "shop", made_by="ada")


def test_an_encrypted_backup_is_restored_where_its_identity_is(
    shop: Settings, server: Server, database_url: str
) -> None:
    """TRUST K5: the identity is needed to restore alone."""
    identity = pyrage.x25519.Identity.generate()
    backup = back_up(replace(shop, backup_encryption_key=str(identity.to_public())))
    with application_context(shop):
        assert "encrypted" in plan_restore(backup.id).faults[0].message
    for wrong in ("", str(pyrage.x25519.Identity.generate())):
        with pytest.raises(BackupLocked):
            restore(replace(shop, backup_identity=wrong), backup.id)
    assert untouched(shop, server, database_url, BOOKS)
    add_books(server, database_url, 1000, 5)
    restore(replace(shop, backup_identity=str(identity)), backup.id)
    assert count(server, database_url) == BOOKS


def test_what_is_there_is_backed_up_before_unless_that_is_skipped(shop: Settings) -> None:
    backup = back_up(shop)
    restore(shop, backup.id, skip_backup=True)
    with application_context(shop):
        assert len(list_backups("shop").backups) == 1


def test_a_database_that_is_gone_is_made_anew(shop: Settings, server: Server, database_url: str) -> None:
    backup = back_up(shop)
    server.drop_database(database_url)
    with application_context(shop):
        plan = plan_restore(backup.id)
    assert (plan.is_possible, plan.loses_data, plan.kept_name) == (True, False, "")
    assert restore(shop, backup.id) == "shop"
    assert count(server, database_url) == BOOKS
    assert untouched(shop, server, database_url, BOOKS)
