"""Migrations whose worker is killed at every point they come to: whoever comes after brings them to their
end, and nothing is done twice (TRUST F2, F17)."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings
from database.context import application_context
from features.migration_plans import plan_migration
from features.migration_runs import list_runs
from features.migrations import apply_migrations
from operations.runner import Runner, in_context
from tests.database.trees import make_tree, scalars
from tests.features.killing import check_end, come_after, killed, points_of
from tests.features.restoring import ADMIN, BOOKS, run
from tests.rounds import ROUNDS

COUNT = 'op.execute("UPDATE book SET pages = pages + 1")'
DOWN = 'op.execute("UPDATE book SET pages = pages - 1")'
TREE = (
    (
        'op.add_column("book", sa.Column("pages", sa.Integer, server_default="0"))\n' + COUNT,
        DOWN + '\nop.drop_column("book", "pages")',
    ),
    (
        COUNT + '\nop.create_index("ix_pages", "book", ["pages"])',
        'op.drop_index("ix_pages", "book")\n' + DOWN,
    ),
    (COUNT + "\n" + 'op.add_column("book", sa.Column("more", sa.Integer))\n' + COUNT, DOWN + "\n" + DOWN),
)
DROP_MORE = '\nop.drop_column("book", "more")'


@pytest.mark.rounds
def test_a_migration_killed_anywhere_is_brought_to_its_end(
    shop: Settings, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = make_tree(tmp_path / "shop", *TREE[:2], (TREE[2][0], TREE[2][1] + DROP_MORE))
    settings = replace(shop, migration_directories=(("shop", tree),))
    points = points_of(lambda: go(settings, "head", skip_backup=True), monkeypatch)
    assert points.count("migration.revision") == 3
    here = [number for number, point in enumerate(points, 1) if point.startswith("migration.")]
    for number in here if ROUNDS > 1 else random.sample(here, 1):
        go(settings, "base", skip_backup=True)
        with application_context(settings):
            plan = plan_migration("head", "shop").plan
        words: dict[str, Any] = {"applied_by": "ada", "plan_hash": plan.hash, "skip_backup": True}
        id = Runner(ADMIN, settings).submit(apply_migrations, "shop", plan.target, **words)
        killed(settings, id, number)
        come_after(settings)
        check_end(settings, id, points[number - 1], "succeeded")
        expected = [BOOKS]
        assert scalars(database_url, "SELECT count(*) FROM book WHERE pages = 4") == expected, number
        assert scalars(database_url, "SELECT version_num FROM alembic_version") == ["r3"]
        done = in_context(settings, list_runs, "shop")[0]
        assert (done.id, done.state, done.to_revision) == (id, "succeeded", "r3"), points[number - 1]


def go(settings: Settings, target: str, **more: object) -> None:
    run(settings, apply_migrations, "shop", target, applied_by="ada", **more)
