"""Migrations of a registered database by its own tree of twelve revisions: planned, gated, run, written down
(SPEC section 6)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from threading import Event, Thread

import pytest

from core.connection import parse_url
from core.errors import AppError, Conflict, InvalidInput, LockTimeout, NotFound
from core.settings import Settings
from database.context import application_context
from database.schema_lock import schema_lock
from features.backups import list_backups
from features.migration_performing import MigrationReport
from features.migration_plans import MigrationPreview, plan_migration
from features.migration_runs import list_runs
from features.migration_status import read_status
from features.migrations import apply_migrations
from tests.database.trees import make_tree, scalars, tables
from tests.features.restoring import BOOKS, run
from tests.operations.support import rows
from tests.servers import Server
from tests.servers.server import connect

BATCH = 'with op.batch_alter_table("book") as batch:\n    batch.'
TITLE = "existing_type=sa.String(80)"
TWELVE = (
    ('op.add_column("book", sa.Column("isbn", sa.String(13)))', 'op.drop_column("book", "isbn")'),
    ('op.create_index("ix_isbn", "book", ["isbn"])', 'op.drop_index("ix_isbn", "book")'),
    (
        'op.create_table("author", sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text)'
        ")",
        'op.drop_table("author")',
    ),
    ("op.execute(\"INSERT INTO author VALUES (1, 'Ann')\")", 'op.execute("DELETE FROM author")'),
    ('op.add_column("book", sa.Column("pages", sa.Integer))', 'op.drop_column("book", "pages")'),
    ('op.execute("UPDATE book SET pages = 100")', "pass"),
    (
        f'{BATCH}alter_column("pages", existing_type=sa.Integer, nullable=False)',
        f'{BATCH}alter_column("pages", existing_type=sa.Integer, nullable=True)',
    ),
    (
        f'{BATCH}alter_column("title", {TITLE}, new_column_name="heading")',
        f'{BATCH}alter_column("heading", {TITLE}, new_column_name="title")',
    ),
    (f'{BATCH}alter_column("heading", {TITLE}, type_=sa.String(200))', "pass"),
    ('op.create_index("ix_pages", "book", ["pages"])', 'op.drop_index("ix_pages", "book")'),
    ('op.drop_index("ix_isbn", "book")\nop.drop_column("book", "isbn")', "raise NotImplementedError"),
    ('op.drop_table("author")', "raise NotImplementedError"),
)
FAILS = 'op.create_table("half", sa.Column("id", sa.Integer))\nop.execute("INSERT INTO nowhere VALUES (1)")'


@pytest.fixture
def migrated(shop: Settings, tmp_path: Path) -> Settings:
    """The shop with a tree of its own."""
    tree = make_tree(tmp_path / "shop", *TWELVE)
    return replace(shop, migration_directories=(("shop", tree),))


@pytest.mark.every_server
def test_twelve_revisions_are_planned_backed_up_run_and_written_down(
    migrated: Settings, server: Server, database_url: str, tmp_path: Path
) -> None:
    preview = plan(migrated)
    assert plan(migrated).plan.hash == preview.plan.hash
    said = {one.id: one for one in preview.plan.revisions}
    dangers = {one.revision: one.finding.title for one in preview.plan.dangers}
    assert dangers["r11"] == "Drops book.isbn"
    assert any(one.finding.title == "Renames book.title to heading" for one in preview.plan.findings)
    assert (said["r1"].reversal, said["r6"].rows, said["r12"].reversal) == ("yes", BOOKS, "no")
    assert said["r2"].statements[-1].rows == BOOKS
    assert tables(database_url) == {"book", "shelf"}  # nothing was changed

    report = go(migrated, preview)
    assert [one.id for one in report.steps] == [f"r{number}" for number in range(1, 13)]
    assert scalars(database_url, "SELECT count(*) FROM book WHERE pages = 100") == [BOOKS]
    assert tables(database_url) == {"book", "shelf"}
    with application_context(migrated):
        (done,) = list_runs("shop")
        backup = list_backups("shop").backups[0]
        assert (backup.reason, backup.name, backup.level) == ("before migration", done.backup, "readable")
        assert (done.state, done.plan_hash, done.to_revision) == ("succeeded", preview.plan.hash, "r12")
        assert done.health_before and done.health_after and done.fingerprint
        assert read_status("shop").drift == ()
        server.execute(database_url, "CREATE INDEX by_hand ON book (pages)")
        assert read_status("shop").drift == ("The schema is not the one that the last run left.",)
    with pytest.raises(Conflict, match="no longer the one that was shown"):
        run(migrated, apply_migrations, "shop", "r12", applied_by="ada", plan_hash="0" * 64)

    details = rows(
        migrated, f"SELECT details FROM audit WHERE operation_id = '{done.id}' AND event = 'intent'"
    )
    assert preview.plan.hash in str(details)
    make_failing(tmp_path)
    with pytest.raises(AppError) as failed:
        go(migrated, plan(migrated), skip_backup=True)
    assert "r13" in failed.value.hint
    is_kept = "half" in tables(database_url)
    assert is_kept is ("stay and are recorded" in failed.value.hint)
    with application_context(migrated):
        newest = list_runs("shop")[0]
        assert (newest.state, newest.backup, read_status("shop").state.current) == ("failed", "", ("r12",))


def test_what_stands_in_the_way_is_said_before_anything_is_done(
    migrated: Settings, database_url: str, tmp_path: Path
) -> None:
    for target in ("nope", "+99", "-1", "r"):
        with pytest.raises(InvalidInput):
            plan(migrated, target)
    with application_context(replace(migrated, migration_directories=())):
        with pytest.raises(InvalidInput, match="No migrations are known of shop"):
            plan_migration("head", "shop")
        with pytest.raises(NotFound, match="holds no versions"):
            plan_migration("head", "shop", directory=str(tmp_path))
    careful = replace(migrated, migration_backup_hours=24)
    with pytest.raises(Conflict, match="under 24 h old: there is none") as shut:
        go(careful, plan(careful))
    assert "backup shop --verify equal" in shut.value.hint
    full = replace(migrated, backup_dir=Path("/proc/nowhere"))
    with pytest.raises(AppError):
        go(full, plan(migrated))
    assert tables(database_url) == {"book", "shelf"}
    assert go(migrated, plan(migrated, "+2"), skip_backup=True).revision == "r2"


def test_a_lock_held_by_another_is_tried_for_again_and_named(
    migrated: Settings, server: Server, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session that only reads, then one that migrates too."""
    monkeypatch.setattr("database.engine.LOCK_TIMEOUT", 1.0)
    monkeypatch.setattr("database.migrator.LOCK_TRIES", 2)
    parameters = parse_url(database_url)
    if server.dialect != "sqlite":  # there a reader holds nothing
        other = connect(database_url)
        cursor = other.cursor()
        cursor.execute("BEGIN")
        cursor.execute("SELECT * FROM book")
        with pytest.raises(LockTimeout, match="In open transactions: session"):
            go(migrated, plan(migrated, "r1"), skip_backup=True)
        other.close()
    held, release = Event(), Event()

    def hold() -> None:
        with schema_lock(parameters):
            held.set()
            release.wait(30)

    thread = Thread(target=hold)
    thread.start()
    held.wait(30)
    monkeypatch.setattr("features.migration_performing.PATIENCE", 0.5)
    with pytest.raises(Conflict, match="held by"):
        go(migrated, plan(migrated, "r1"), skip_backup=True)
    release.set()
    thread.join()
    assert go(migrated, plan(migrated, "r1"), skip_backup=True).revision == "r1"


def plan(settings: Settings, target: str = "head") -> MigrationPreview:
    with application_context(settings):
        return plan_migration(target, "shop")


def go(settings: Settings, preview: MigrationPreview, **more: object) -> MigrationReport:
    words = {"applied_by": "ada", "plan_hash": preview.plan.hash, **more}
    report: MigrationReport = run(settings, apply_migrations, "shop", preview.plan.target, **words)
    return report


def make_failing(tmp_path: Path) -> None:
    """A thirteenth, which fails in its second statement."""
    made = make_tree(tmp_path / "more", *TWELVE, (FAILS, "pass"))
    name = "r13_step.py"
    (tmp_path / "shop" / "versions" / name).write_text((made / "versions" / name).read_text())
