"""What the worker does for backups without anybody's asking."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.backup_levels import DAMAGED, Level
from core.errors import BackupError
from core.settings import Settings
from database.context import application_context
from database.transactions import transaction
from features.backup_duties import next_verification
from features.backup_verification import verify_backup
from models import Backup
from operations.runner import Runner
from tests.features.backing import add_backup
from tests.features.conftest import Configure
from tests.features.restoring import ADMIN


@pytest.fixture
def console(configure: Configure, sqlite_schema_url: str, tmp_path: Path) -> Settings:
    return configure(sqlite_schema_url, backup_dir=tmp_path / "backups")


def test_the_newest_that_is_not_proven_comes_next_and_once(console: Settings) -> None:
    with application_context(console):
        assert next_verification() is None
        old, new = add_backup(days=3, level="stored"), add_backup(days=1, level="readable")
        add_backup(days=0.5, level="equal")
        add_backup(days=0.2, level=DAMAGED)
        add_backup(days=0.1, level="stored", origin="uploaded")
        add_backup(days=30, level="stored")
        assert next_verification() == (new.name, "equal")
    worker = replace(ADMIN, name="worker")
    with pytest.raises(BackupError):
        Runner(worker, console).run(verify_backup, new.name)
    with application_context(console):
        assert next_verification() == (old.name, "equal")
    Runner(worker, console).submit(verify_backup, old.name)
    with application_context(console):
        assert next_verification() is None


def test_as_far_as_the_settings_say_and_the_identity_allows(console: Settings) -> None:
    with application_context(replace(console, backup_verify=Level.STORED)):
        plain = add_backup(days=2, level="stored")
        assert next_verification() is None
    with application_context(replace(console, backup_verify=Level.HEALTHY)):
        assert next_verification() == (plain.name, "healthy")
        sealed = add_backup(days=1, level="stored", encrypted_to="age1")
        assert next_verification() == (sealed.name, "intact")
    with application_context(console):
        counted = add_backup(days=0.5, level="readable", has_contents=False)
        assert next_verification() == (counted.name, "restored")
        with transaction() as session:
            session.get_one(Backup, counted.id).level = "restored"
    with application_context(replace(console, backup_identity="AGE-SECRET-KEY-1")):
        assert next_verification() == (sealed.name, "equal")
