"""Restores whose worker is killed at every point they come to: what is live is all of the old or all of the
new, and whoever comes after brings it to an end (TRUST B3, F2, I1 to I10)."""

from __future__ import annotations

import os
import random
import signal
from typing import Any

import pytest

from core import failpoints
from core.settings import Settings
from features.backups import list_backups
from features.replacements import list_replacements, undo_restore
from features.restores import restore_backup
from operations.reaper import reap
from operations.runner import Runner, in_context
from tests.features.killing import check_end, chosen, come_after, killed, points_of
from tests.features.restoring import (
    ADMIN,
    BOOKS,
    add_books,
    back_up,
    count,
    let_in,
    name_beside,
    restore,
    run,
    url_of,
)
from tests.servers import Server

MORE = 5


@pytest.mark.every_server
@pytest.mark.rounds
def test_a_restore_killed_anywhere_is_brought_to_its_end(
    shop: Settings, server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second attempt goes on from where the first one was, or begins again."""
    backup = back_up(shop)
    points = points_of(lambda: restore(shop, backup.id), monkeypatch)
    for number in chosen(points):
        add_books(server, database_url, 1000, MORE)
        id = Runner(ADMIN, shop).submit(restore_backup, backup.id, "shop", made_by="ada")
        killed(shop, id, number)
        assert count(server, database_url) in (BOOKS, BOOKS + MORE), points[number - 1]
        come_after(shop)
        check_end(shop, id, points[number - 1], "succeeded")
        assert count(server, database_url) == BOOKS, points[number - 1]
        kept = in_context(shop, list_replacements, "shop")[0]
        let_in(shop, kept.kept_name)
        assert count(server, url_of(server, database_url, kept.kept_name.rpartition("/")[2])) == BOOKS + MORE


def test_each_attempt_backs_up_what_is_there_then(
    shop: Settings, server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was written between two of them is in what the second keeps."""
    backup = back_up(shop)
    points = points_of(lambda: restore(shop, backup.id), monkeypatch)
    id = Runner(ADMIN, shop).submit(restore_backup, backup.id, "shop", made_by="ada")
    killed(shop, id, points.index("restore.backed_up") + 1)
    add_books(server, database_url, 1000, MORE)
    come_after(shop)
    before = in_context(shop, list_backups, "shop").backups[0]
    assert backup.row_count and before.row_count == backup.row_count + MORE
    assert before.reason == "before restore"


@pytest.mark.rounds
def test_a_restore_killed_twice_is_settled(
    shop: Settings, server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No attempt is left: it is interrupted, the databases are whole, and a new restore succeeds."""
    backup = back_up(shop)
    points = points_of(lambda: restore(shop, backup.id), monkeypatch)
    for number in chosen(points):
        add_books(server, database_url, 1000, MORE)
        id = Runner(ADMIN, shop).submit(restore_backup, backup.id, "shop", made_by="ada")
        killed(shop, id, number)
        in_context(shop, reap, shop)
        killed(shop, id, random.randint(1, len(points)))
        come_after(shop)
        check_end(shop, id, points[number - 1], "interrupted", "succeeded")
        assert count(server, database_url) in (BOOKS, BOOKS + MORE), points[number - 1]
        restore(shop, backup.id)
        assert count(server, database_url) == BOOKS


@pytest.mark.rounds
def test_a_restore_into_a_new_database_killed_anywhere_leaves_nothing_half(
    shop: Settings, server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup, name = back_up(shop), name_beside(database_url)
    points = points_of(lambda: restore(shop, backup.id, new_name=name), monkeypatch)
    place = url_of(server, database_url, name)
    for number in chosen(points):
        server.drop_database(place)
        id = Runner(ADMIN, shop).submit(restore_backup, backup.id, "shop", made_by="ada", new_name=name)
        killed(shop, id, number)
        come_after(shop)
        check_end(shop, id, points[number - 1], "succeeded")
        assert count(server, place) == BOOKS, points[number - 1]


@pytest.mark.every_server
def test_a_restore_into_a_new_database_killed_at_its_very_end_has_succeeded(
    shop: Settings, server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The copy is whole, and its maker alone does not know it: the second attempt keeps it."""
    backup, name = back_up(shop), name_beside(database_url)
    place = url_of(server, database_url, name)
    points = points_of(lambda: restore(shop, backup.id, new_name=name), monkeypatch)
    assert points[-1] == "restore.made"
    server.drop_database(place)
    id = Runner(ADMIN, shop).submit(restore_backup, backup.id, "shop", made_by="ada", new_name=name)
    killed(shop, id, len(points))
    add_books(server, place, 1000, MORE)
    come_after(shop)
    check_end(shop, id, points[-1], "succeeded")
    assert count(server, place) == BOOKS + MORE


@pytest.mark.every_server
def test_an_undo_that_is_settled_tells_of_the_restore_it_undid(
    shop: Settings, server: Server, database_url: str
) -> None:
    """By a command, which nobody begins again."""
    backup = back_up(shop)
    add_books(server, database_url, 1000, MORE)
    restore(shop, backup.id)
    (first,) = in_context(shop, list_replacements, "shop")
    pid = os.fork()
    if not pid:
        failpoints._listeners[:] = [lambda name: end_at("restore.swapped", name)]
        try:
            run(shop, undo_restore, first.id, "shop", made_by="ada")
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    come_after(shop)
    assert count(server, database_url) == BOOKS + MORE
    found = in_context(shop, list_replacements, "shop")
    assert [(one.state, one.can_undo) for one in found] == [("swapped", True), ("undone", False)]


def end_at(wanted: str, name: str) -> None:
    if name == wanted:
        os.kill(os.getpid(), signal.SIGKILL)


@pytest.mark.rounds
def test_an_undo_killed_anywhere_is_brought_to_its_end(
    shop: Settings, server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    backup = back_up(shop)
    add_books(server, database_url, 1000, MORE)
    restore(shop, backup.id)
    books = BOOKS

    def newest() -> str:
        return str(in_context(shop, list_replacements, "shop")[0].id)

    def undo() -> Any:
        return run(shop, undo_restore, newest(), "shop", made_by="ada")

    points = points_of(undo, monkeypatch)
    undo()
    for number in chosen(points):
        id = Runner(ADMIN, shop).submit(undo_restore, newest(), "shop", made_by="ada")
        killed(shop, id, number)
        come_after(shop)
        check_end(shop, id, points[number - 1], "succeeded")
        books = BOOKS + MORE if books == BOOKS else BOOKS
        assert count(server, database_url) == books, points[number - 1]
