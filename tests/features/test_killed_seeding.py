"""Seedings whose worker is killed at a point they come to: the ledger says what is there, and whoever comes
after brings it to an end."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import func, select

from core.settings import Settings
from database.schema import find_faults
from features.seed_removal import clean_seeded
from features.seeding import UPSERT, seed
from models import User, db
from operations.runner import Runner, in_context
from tests.features.killing import come_after, killed, points_of
from tests.features.restoring import ADMIN, run
from tests.features.small_batches import make_small
from tests.operations.support import rows
from tests.rounds import ROUNDS

WISHES = {"users": 300, "ssh": 300}


@pytest.mark.every_server
@pytest.mark.rounds
def test_a_seeding_killed_anywhere_is_brought_to_its_end(
    own: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, people = own.database.name, count(own)
    run(own, seed, name, {"users": 1}, made_by="ada", number=1)
    run(own, clean_seeded, name, ["users"])
    make_small(monkeypatch)
    points = points_of(lambda: run(own, seed, name, WISHES, made_by="ada", number=7), monkeypatch)
    run(own, clean_seeded, name, ["users"])
    for _ in range(ROUNDS):
        id = Runner(ADMIN, own).submit(seed, name, WISHES, made_by="ada", mode=UPSERT, number=7)
        killed(own, id, random.randint(1, len(points)))
        come_after(own)
        assert rows(own, f"SELECT state FROM operation WHERE id = '{id}'") == [("succeeded",)]
        assert count(own) == people + 300
        assert rows(own, "SELECT sum(wanted) - sum(done) FROM seed_part WHERE removed_at IS NULL") == [(0,)]
        assert not in_context(own, find_faults, own.database)
        run(own, clean_seeded, name, ["users"])
        assert count(own) == people


def count(settings: Settings) -> int:
    """Users, whose table has a name that each dialect quotes in its own way."""
    return in_context(settings, lambda: db.session.scalar(select(func.count()).select_from(User)) or 0)
