"""kill -9 at each step of a backup, a proof and a pruning: the next worker brings it to its end, every file
has its row and every row its file, and nothing else is left (TRUST B3, F2, I1 to I10)."""

from __future__ import annotations

import pytest

from core.settings import Settings
from database.context import application_context
from features.backup_verification import verify_backup
from features.backups import create_backup
from features.retention import prune_backups
from jobs.backup_chores import clear_leftovers
from operations.reaper import reap
from operations.runner import Runner, in_context
from tests.features.backing import add_backup
from tests.features.crashing import assert_in_order, backups, finish, killed_at, reached, sample, state
from tests.features.restoring import ADMIN, back_up


@pytest.mark.rounds
def test_a_backup_that_was_cut_off_anywhere_is_made_once(shop: Settings) -> None:
    for number in sample(reached(shop, create_backup, "shop", made_by="ada")):
        before = backups(shop)
        id = Runner(ADMIN, shop).submit(create_backup, "shop", made_by="ada")
        killed_at(shop, id, number)
        finish(shop)
        assert state(shop, id) == ("succeeded", 2), number
        assert len(backups(shop)) == len(before) + 1, number
        assert_in_order(shop)


@pytest.mark.rounds
def test_a_backup_that_was_cut_off_twice_is_whole_or_gone(shop: Settings) -> None:
    for number in sample(reached(shop, create_backup, "shop", made_by="ada")):
        id = Runner(ADMIN, shop).submit(create_backup, "shop", made_by="ada")
        killed_at(shop, id, number)
        in_context(shop, reap, shop)
        killed_at(shop, id, 1)
        finish(shop)
        assert state(shop, id)[0] in ("interrupted", "succeeded"), number
        assert_in_order(shop)
    assert back_up(shop).level == "stored"


@pytest.mark.rounds
def test_a_proof_that_was_cut_off_anywhere_is_brought_to_its_end(shop: Settings) -> None:
    made = back_up(shop)
    for number in sample(reached(shop, verify_backup, made.name, "healthy")):
        fresh = back_up(shop)
        id = Runner(ADMIN, shop).submit(verify_backup, fresh.name, "healthy")
        killed_at(shop, id, number)
        finish(shop)
        assert state(shop, id) == ("succeeded", 2), number
        assert {one.level for one in backups(shop) if one.id == fresh.id} == {"healthy"}, number
        assert_in_order(shop)


@pytest.mark.rounds
def test_a_proof_that_was_given_up_leaves_no_scratch_database(shop: Settings) -> None:
    made = back_up(shop)
    for number in sample(reached(shop, verify_backup, made.name, "healthy")):
        id = Runner(ADMIN, shop).submit(verify_backup, made.name, "healthy")
        for _ in range(2):
            killed_at(shop, id, number)
            in_context(shop, reap, shop)
        assert state(shop, id) == ("interrupted", 2), number
        in_context(shop, clear_leftovers, shop)
        assert_in_order(shop)


@pytest.mark.rounds
def test_a_pruning_that_was_cut_off_anywhere_goes_on(shop: Settings) -> None:
    young = [back_up(shop) for _ in range(2)]
    old(shop, 2)
    for number in sample(reached(shop, prune_backups)):
        old(shop, 2)
        id = Runner(ADMIN, shop).submit(prune_backups)
        killed_at(shop, id, number)
        finish(shop)
        assert state(shop, id) == ("succeeded", 2), number
        assert {one.id for one in backups(shop)} == {one.id for one in young}, number
        assert_in_order(shop)


def old(shop: Settings, count: int) -> None:
    """So many backups past their age, each with a file."""
    with application_context(shop):
        for _ in range(count):
            (shop.backup_dir / add_backup(days=90, level="readable").file).write_bytes(b"x")
