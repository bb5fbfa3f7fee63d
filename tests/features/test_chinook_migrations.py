"""Chinook, whose tables, names and keys nobody here chose, registered and migrated by a tree of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import AppError
from core.settings import Settings
from database.context import application_context
from features.migration_performing import MigrationReport
from features.migration_plans import MigrationPreview, plan_migration
from features.migration_runs import list_runs
from features.migration_status import read_status
from features.migrations import apply_migrations
from tests.database.trees import make_tree, scalars, tables
from tests.features.chinook import TABLES, load_chinook, rows_of, spelled
from tests.features.conftest import Configure
from tests.features.restoring import able, drop_beside, registered, restore, run
from tests.servers import Server

LONGER = 'batch.alter_column("{}", existing_type=sa.String({}), type_=sa.String({}))'
RENAMED = 'batch.alter_column("{}", existing_type=sa.Integer, existing_nullable=False, new_column_name="{}")'
TREE = (
    (
        'op.add_column("Track", sa.Column("Seconds", sa.Integer))\n'
        'op.execute("UPDATE Track SET Seconds = Milliseconds / 1000")',
        'op.drop_column("Track", "Seconds")',
    ),
    (
        f'with op.batch_alter_table("Customer") as batch:\n    {LONGER.format("Company", 80, 200)}',
        f'with op.batch_alter_table("Customer") as batch:\n    {LONGER.format("Company", 200, 80)}',
    ),
    (
        f'with op.batch_alter_table("InvoiceLine") as batch:\n    {RENAMED.format("Quantity", "Pieces")}\n'
        'op.create_index("IX_Pieces", "InvoiceLine", ["Pieces"])',
        'op.drop_index("IX_Pieces", "InvoiceLine")\n'
        f'with op.batch_alter_table("InvoiceLine") as batch:\n    {RENAMED.format("Pieces", "Quantity")}',
    ),
    (
        'with op.batch_alter_table("Track") as batch:\n    batch.drop_column("Composer")',
        'op.add_column("Track", sa.Column("Composer", sa.String(220)))',
    ),
)
FAILS = 'op.create_table("Label", sa.Column("Id", sa.Integer))\nop.execute("INSERT INTO {} VALUES (1)")'


@pytest.fixture
def music(
    configure: Configure, sqlite_schema_url: str, server: Server, database_url: str, tmp_path: Path
) -> Iterator[Settings]:
    """A console on SQLite with Chinook and its tree."""
    load_chinook(server, database_url)
    settings = able(configure(sqlite_schema_url), server, tmp_path)
    tree = write_tree(tmp_path / "tree", server, *TREE)
    settings = registered(settings, database_url, "music")
    yield replace(settings, migration_directories=(("music", tree),))
    drop_beside(server, database_url)


def test_a_database_of_others_is_migrated_there_and_back(
    music: Settings, server: Server, database_url: str, tmp_path: Path
) -> None:
    there = tables(database_url)
    track, composer = spelled(server, "Track"), spelled(server, "Composer")
    preview = plan(music)
    dangers = [one.finding.title for one in preview.plan.dangers]
    assert dangers == [f"Drops {track}.{composer}"]
    written = [one for each in preview.plan.revisions for one in each.statements if one.kind == "update"]
    assert [(one.object, one.rows, one.is_exact) for one in written] == [(track, TABLES["Track"], True)]
    assert tables(database_url) == there

    report = go(music, preview)
    seconds, length = spelled(server, "Seconds"), spelled(server, "Milliseconds")
    off = f"SELECT count(*) FROM {track} WHERE abs({seconds} - {length} / 1000.0) > 1 OR {seconds} IS NULL"
    assert (report.revision, scalars(database_url, off)) == ("r4", [0])
    assert (rows_of(server, database_url), tables(database_url)) == (TABLES, there)
    assert server.dialect != "sqlite" or not server.execute(database_url, "PRAGMA foreign_key_check")
    with application_context(music):
        assert read_status("music").drift == ()

    fail(music, server, database_url, tmp_path)
    restore(music, report.backup, "music")
    assert scalars(database_url, f"SELECT count({composer}) FROM {track}") > [2000]
    assert plan(music, "r4").plan.hash == preview.plan.hash
    assert rows_of(server, database_url) == TABLES


def fail(music: Settings, server: Server, url: str, tmp_path: Path) -> None:
    """A fifth fails half-way; mended, it goes on."""
    more = write_tree(
        tmp_path / "failing", server, *TREE, (FAILS.format("Nowhere"), 'op.drop_table("Label")')
    )
    failing = replace(music, migration_directories=(("music", more),))
    label = spelled(server, "Label")
    with pytest.raises(AppError, match=re.escape(spelled(server, "Nowhere"))) as failed:
        go(failing, plan(failing))
    assert (label in tables(url)) is ("stay and are recorded" in failed.value.hint)
    with application_context(failing):
        assert (list_runs("music")[0].state, read_status("music").state.current) == ("failed", ("r4",))
    file = more / "versions" / "r5_step.py"
    file.write_text(file.read_text().replace(spelled(server, "Nowhere"), label))
    assert go(failing, plan(failing)).revision == "r5"
    assert scalars(url, f"SELECT * FROM {label}") == [1]


def write_tree(folder: Path, server: Server, *bodies: tuple[str, str]) -> Path:
    """The tree in the spelling of that server's Chinook."""
    names = re.compile(r"\b(?<!\.)(?!False)[A-Z][a-z]+(?:[A-Z][a-z]+)*\b")

    def spell(body: str) -> str:
        return names.sub(lambda name: spelled(server, name[0]), body)

    return make_tree(folder, *((spell(upgrade), spell(downgrade)) for upgrade, downgrade in bodies))


def plan(settings: Settings, target: str = "head") -> MigrationPreview:
    with application_context(settings):
        return plan_migration(target, "music")


def go(settings: Settings, preview: MigrationPreview) -> MigrationReport:
    words = {"applied_by": "ada", "plan_hash": preview.plan.hash}
    report: MigrationReport = run(settings, apply_migrations, "music", preview.plan.target, **words)
    return report
