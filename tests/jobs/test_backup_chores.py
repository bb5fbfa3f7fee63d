"""What the worker does for backups without anybody's asking, from the chore to the end of what it queued."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from core.backup_levels import Level
from core.clock import utc_now
from core.naming import new_id
from core.settings import Settings, load_settings
from database.context import application_context
from database.transactions import transaction
from features.backups import create_backup, list_backups, read_backup
from jobs.backup_chores import clear_leftovers, prune, settle_restores, verify_new
from jobs.catalogue import CATALOGUE
from models import Backup, OperationRecord
from operations.performing import perform
from operations.runner import Runner, in_context
from tests.features.backing import add_backup
from tests.operations.support import ADMIN


@pytest.fixture
def console(sqlite_schema_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    monkeypatch.setenv("DATABASE_URL", sqlite_schema_url)
    monkeypatch.chdir(tmp_path)
    return load_settings()


def test_a_new_backup_is_proven_without_anybodys_asking(console: Settings) -> None:
    made = Runner(ADMIN, console).run(create_backup, console.database.name, made_by="ada")
    in_context(console, verify_new, console)
    [(id, actor, title)] = queued(console)
    assert (actor, title) == ("worker", f"Verify {made.name}")
    in_context(console, verify_new, console)
    assert len(queued(console)) == 1
    assert perform(console, CATALOGUE, id)
    with application_context(console):
        assert read_backup(made.id).backup.level == Level.EQUAL
    in_context(console, verify_new, console)
    assert not queued(console)


def test_nothing_is_proven_where_storing_is_enough(console: Settings) -> None:
    console = replace(console, backup_verify=Level.STORED)
    Runner(ADMIN, console).run(create_backup, console.database.name, made_by="ada")
    in_context(console, verify_new, console)
    assert not queued(console)


def test_old_backups_are_pruned_once_a_day(console: Settings) -> None:
    in_context(console, prune, console)
    assert not console.backup_dir.exists()
    for _ in range(2):
        Runner(ADMIN, console).run(create_backup, console.database.name, made_by="ada")
    with application_context(console):
        old = add_backup(console.database.name, days=90, level="readable")
    in_context(console, prune, console)
    [(id, _, title)] = queued(console)
    assert title == "Prune backups"
    perform(console, CATALOGUE, id)
    with application_context(console):
        assert old.id not in {one.id for one in list_backups().backups}
        add_backup(console.database.name, days=91, level="readable")
    in_context(console, prune, console)
    assert not queued(console), "it was asked for a moment ago"


def test_nothing_to_do_asks_nobody(console: Settings) -> None:
    for chore in (verify_new, prune, settle_restores, clear_leftovers):
        in_context(console, chore, console)
    assert not queued(console)
    assert not console.backup_dir.exists()


def test_what_comes_from_elsewhere_is_left_alone(console: Settings) -> None:
    """A backup of another console has a manifest, and no operation of ours made it."""
    made = Runner(ADMIN, console).run(create_backup, console.database.name, made_by="ada")
    strange = (f"{new_id()}.part", "notes.txt", f"shop.dump.{'0' * 26}.part", "x.manifest.json")
    for name in strange:
        (console.backup_dir / name).write_text("{}")
    with application_context(console), transaction() as session:
        session.delete(session.get_one(Backup, made.id))
        operation = session.get_one(OperationRecord, made.operation_id)
        session.delete(operation)
    in_context(console, clear_leftovers, console)
    left = {path.name for path in console.backup_dir.iterdir() if path.is_file()}
    assert left == {made.file, f"{made.name}.manifest.json", *strange} - {strange[2]}
    with application_context(console):
        assert not list_backups().backups


def test_a_whole_backup_without_its_row_gets_one(console: Settings) -> None:
    made = Runner(ADMIN, console).run(create_backup, console.database.name, made_by="ada", note="x")
    with application_context(console), transaction() as session:
        session.delete(session.get_one(Backup, made.id))
    in_context(console, clear_leftovers, console)
    with application_context(console):
        [found] = list_backups().backups
    assert replace(found, note="x", proven_at=made.proven_at) == made


def test_what_is_under_way_is_left_alone(console: Settings) -> None:
    made = Runner(ADMIN, console).run(create_backup, console.database.name, made_by="ada")
    (console.backup_dir / f"shop.db.zst.{made.operation_id}.part").touch()
    with application_context(console), transaction() as session:
        operation = session.get_one(OperationRecord, made.operation_id)
        operation.state, operation.lease_until = "running", utc_now() + timedelta(minutes=1)
        session.delete(session.get_one(Backup, made.id))
    in_context(console, clear_leftovers, console)
    with application_context(console):
        assert not list_backups().backups
    assert len(list(console.backup_dir.glob("*.part"))) == 1


def queued(settings: Settings) -> list[tuple[str, str, str]]:
    waiting = select(OperationRecord.id, OperationRecord.actor, OperationRecord.title).where(
        OperationRecord.state == "queued"
    )
    with application_context(settings), transaction() as session:
        return [(row.id, row.actor, row.title) for row in session.execute(waiting)]
