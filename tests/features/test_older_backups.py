"""The revision that tells parts from whole backups, on a console that has some already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.backup_levels import Level
from core.clock import utc_now
from core.settings import Settings
from database.context import application_context
from database.migrator import migrate
from database.transactions import transaction
from features.attention import read_attention
from features.backups import BackupFacts, list_backups
from features.migration_gate import read_gate
from features.migration_trees import find_tree
from features.migrations import apply_migrations
from models import BackupEvidence, OperationRecord
from tests.features.backing import add_backup
from tests.features.restoring import able, run
from tests.servers import Server

BEFORE = "f5b0c92d714e"


@pytest.fixture
def older(settings: Settings, server: Server, tmp_path: Path) -> Settings:
    """A console that was migrated up to the revision before, with four backups."""
    settings = replace(able(settings, server, tmp_path), migration_backup_hours=24)
    with application_context(settings):
        add_made("whole")
        add_made("part", tables=["shelf"], schemas=None)
        add_made("asked", contents=False, tables=[])
        add_made("seen")
        with transaction() as session:
            for name, contents in (("whole", " with their contents"), ("seen", "")):
                session.add(seen(name, f"2 tables, 62 rows{contents}, sequences as in the manifest"))
        add_backup(settings.database.name, is_own=True)
    migrate(settings.migration_database, BEFORE, applied_by="ada")
    return settings


@pytest.mark.every_server
def test_older_backups_are_told_apart(older: Settings) -> None:
    """What was made by a command counts as whole unless what was seen of it says otherwise. The migration
    backs up into the table that it is about to change."""
    run(older, apply_migrations, older.database.name, applied_by="ada")
    with application_context(older):
        found = {one.database: (one.is_whole, one.has_contents, one.level) for one in list_backups().backups}
        own = list_backups(older.database.name).backups
    assert found.pop(older.database.name)
    assert found == {
        "whole": (True, True, "equal"),
        "part": (False, True, "equal"),
        "asked": (True, False, "restored"),
        "seen": (True, False, "restored"),
    }
    assert len(own) == 2 and own[0].is_whole and (older.backup_dir / own[0].file).exists()


def test_before_it_pages_and_the_gate_ask_the_older_table(older: Settings) -> None:
    with application_context(older):
        attention = read_attention()
        gate = read_gate(find_tree())
    assert attention.pending == 1 and attention.newest_verified_at
    assert gate.is_open and gate.newest and gate.newest.level == "equal"


def add_made(name: str, **arguments: object) -> BackupFacts:
    id = name.rjust(26, "0")
    words = {"kind": "backup.create", "title": "Back up", "state": "succeeded", "actor": "ada"}
    with transaction() as session:
        session.add(
            OperationRecord(
                id=id, target=name, through="web", created_at=utc_now(), arguments=arguments or None, **words
            )
        )
    return add_backup(name, id=id, operation_id=id)


def seen(name: str, details: str) -> BackupEvidence:
    return BackupEvidence(
        backup_id=name.rjust(26, "0"),
        level=Level.EQUAL,
        is_met=True,
        seen_at=utc_now(),
        seconds=1.0,
        details=details,
    )
