"""Restores whose worker is killed at every point they come to: what is live is all of the old or all of the
new, and whoever comes after brings it to an end (TRUST B3, F2, I1 to I10)."""

from __future__ import annotations

import os
import random
import signal
from collections.abc import Callable
from typing import Any

import pytest

from core import failpoints
from core.settings import Settings
from features.replacements import list_replacements, settle_replacement, undo_restore, unsettled_replacements
from features.restores import restore_backup
from jobs.backup_chores import clear_leftovers
from jobs.catalogue import CATALOGUE
from operations.audit_chain import verify_chain
from operations.performing import perform
from operations.reaper import reap
from operations.runner import Runner, in_context
from operations.store import read_operation
from tests.features.restoring import (
    ADMIN,
    BOOKS,
    add_books,
    back_up,
    count,
    leftovers,
    name_beside,
    restore,
    run,
    url_of,
)
from tests.operations.support import rows
from tests.servers import Server

ROUNDS = int(os.environ.get("FAULT_ROUNDS", "3"))
MORE = 5


def points_of(work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The failpoints that `work` comes to, in order."""
    seen: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "_listeners", [seen.append])
        work()
    return seen


def chosen(points: list[str]) -> list[int]:
    """The numbers of those at which this run kills: all of them when there are rounds enough."""
    numbers = range(1, len(points) + 1)
    swaps = [number for number in numbers if points[number - 1].startswith(("swap.", "restore."))]
    wanted = min(ROUNDS, len(swaps)) if ROUNDS < 20 else len(points)
    return sorted(random.sample(swaps if ROUNDS < 20 else list(numbers), wanted))


def killed(settings: Settings, id: str, number: int) -> None:
    """Perform the operation in a process of its own that ends as by kill -9 at its n-th failpoint."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    left = number

    def hear(_: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        failpoints._listeners[:] = [hear]
        perform(settings, CATALOGUE, id)
    finally:
        os._exit(0)


def come_after(settings: Settings) -> None:
    """What a worker does: take over what is dead, perform what waits, settle what was cut off, clear away."""
    for _ in range(2):
        in_context(settings, reap, settings)
        for (id,) in rows(settings, "SELECT id FROM operation WHERE state = 'queued'"):
            perform(settings, CATALOGUE, str(id))
    for replacement, database in in_context(settings, unsettled_replacements):
        run(settings, settle_replacement, replacement, database)
    in_context(settings, clear_leftovers, settings)


def check_end(settings: Settings, id: str, point: str, *states: str) -> str:
    """Nothing is left of it, and its row tells an end; gives that."""
    row = in_context(settings, read_operation, id)
    state = str(row.state)
    assert state in states, (state, row.error_message, row.phase, point)
    assert not leftovers(settings), point
    assert not rows(settings, "SELECT * FROM target_lock")
    assert not rows(settings, "SELECT * FROM replacement WHERE state = 'prepared'")
    assert in_context(settings, verify_chain).fault is None
    assert not list(settings.backup_dir.glob("*.part"))
    return state


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
        assert count(server, url_of(server, database_url, kept.kept_name.rpartition("/")[2])) == BOOKS + MORE


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
