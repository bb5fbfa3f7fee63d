"""Backups taken: whole or not at all, whatever happens on the way, and told in lists, months and figures
(TRUST B3, B5, F7, F8, F10, F14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from core import failpoints
from core.backup_levels import Level
from core.errors import (
    BackupError,
    BackupIncompatible,
    InvalidInput,
    NotFound,
    OperationCancelled,
    SignInRefused,
    TargetBusy,
    ToolMissing,
)
from core.progress import Advanced, Event, Operation, PhaseStarted
from core.settings import Settings
from database.adapters.base import Capability
from database.backup_folder import BackupFolder
from database.context import application_context
from database.transactions import transaction
from features.backups import (
    create_backup,
    list_backups,
    read_backup,
)
from features.credentials import Keyring
from features.database_rows import place_of
from models import OperationRecord, RegisteredDatabase
from operations.runner import Runner
from tests.features.backing import add_backup, left_behind
from tests.features.restoring import ADMIN, BOOKS, back_up, run

At = Callable[[str, Callable[[], None]], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """`at(failpoint, happen)`: what happens once the work of this process comes there."""

    def listen(name: str, happen: Callable[[], None]) -> None:
        monkeypatch.setattr(failpoints, "_listeners", [lambda there: happen() if there == name else None])

    return listen


# Taken


@pytest.mark.every_server
def test_a_backup_is_stored_described_and_written_down(shop: Settings) -> None:
    made = back_up(shop)
    with application_context(shop):
        details = read_backup(made.name)
        assert details.backup == read_backup(made.id).backup == made
        [stored] = details.evidence
    assert (made.database, made.level, made.reason, made.made_by) == ("shop", "stored", "by hand", "ada")
    assert made.row_count == BOOKS + 2
    assert made.table_count == 2
    assert (stored.level, stored.is_met, stored.operation_id) == (Level.STORED, True, made.operation_id)
    assert made.sha256 in stored.details
    assert details.manifest and not details.fault
    assert {table.name.rpartition(".")[2]: table.rows for table in details.manifest.inventory.tables} == {
        "book": BOOKS,
        "shelf": 2,
    }
    files = BackupFolder(shop.backup_dir).list()
    assert {file.name for file in files} >= {made.file, f"{made.name}.manifest.json"}
    assert all(file.name.startswith(f"{made.name}.") for file in files)
    assert {path.stat().st_mode & 0o077 for path in [shop.backup_dir, *shop.backup_dir.iterdir()]} == {0}


def test_the_operation_is_named_by_the_database_and_tells_the_backup(shop: Settings) -> None:
    made = back_up(shop)
    with application_context(shop), transaction() as session:
        operation = session.get_one(OperationRecord, made.operation_id)
        assert (operation.title, operation.target, operation.state) == ("Back up shop", "shop", "succeeded")
    assert made.id == made.operation_id


def test_one_table_alone(shop: Settings) -> None:
    with application_context(shop):
        whole = read_backup(back_up(shop).id).manifest
    assert whole
    [table] = [one.name for one in whole.inventory.tables if one.name.endswith("shelf")]
    made = run(shop, create_backup, "shop", made_by="ada", tables=[table], contents=False)
    with application_context(shop):
        manifest = read_backup(made.id).manifest
    assert manifest and [one.name for one in manifest.inventory.tables] == [table]
    assert manifest.selection == (table,)
    assert not any(one.content for one in manifest.inventory.tables)


def test_a_table_that_is_not_there_is_told(shop: Settings) -> None:
    with pytest.raises(NotFound):
        run(shop, create_backup, "shop", made_by="ada", tables=["nothing"])
    assert nothing_is_there(shop)


def test_the_consoles_own_database(shop: Settings) -> None:
    made = back_up(shop, shop.database.name)
    assert (made.is_own, made.database_id, made.database) == (True, None, shop.database.name)
    assert made.revision


def test_within_one_operation_one_backup_is_made(shop: Settings) -> None:
    """What is begun again after its row was written makes no second one (TRUST I4)."""
    op = Operation()
    with application_context(shop):
        first = create_backup(op, "shop", made_by="ada")
        assert create_backup(op, "SHOP", made_by="ada") == first
        assert create_backup(op, shop.database.name, made_by="ada").id != first.id
        assert list_backups().counts.all == 2


@pytest.mark.parametrize("wrong", [{"reason": "for fun"}, {"note": "x" * 1001}])
def test_what_cannot_be_written_down_is_refused_before(shop: Settings, wrong: dict[str, str]) -> None:
    with pytest.raises(InvalidInput):
        run(shop, create_backup, "shop", made_by="ada", **wrong)


# What stands in its way


def test_a_folder_that_is_none_is_told_before_the_dump(shop: Settings, tmp_path: Path, at: At) -> None:
    """TRUST F8."""
    (tmp_path / "file").touch()
    at("archive.begun", lambda: pytest.fail("the dump had begun"))
    with pytest.raises(BackupError, match="is not a folder|cannot be written"):
        back_up(replace(shop, backup_dir=tmp_path / "file"))


def test_a_disk_without_room_for_another_is_told_before_the_dump(shop: Settings, at: At) -> None:
    """TRUST F7: the older ones stay."""
    with application_context(shop):
        add_backup("shop", size=10**18)
    at("archive.begun", lambda: pytest.fail("the dump had begun"))
    with pytest.raises(BackupError, match="too full: .* free, .* needed"):
        back_up(shop)
    with application_context(shop):
        assert list_backups().counts.all == 1


@pytest.mark.requires(Capability.SESSIONS)
def test_a_program_that_is_missing_or_too_old_is_told(
    shop: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRUST F13, F14: some are found in the usual places though nobody names them."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises((ToolMissing, BackupIncompatible), match="is not installed|No .* fits"):
        back_up(replace(shop, client_tools_path=str(tmp_path)))
    assert nothing_is_there(shop)


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_password_that_is_no_longer_right_is_told(shop: Settings) -> None:
    with application_context(shop), transaction() as session:
        row = session.scalars(select(RegisteredDatabase)).one()
        row.password = Keyring(shop).encrypt("changed since", place_of(row.id))
    with pytest.raises(SignInRefused):
        back_up(shop)
    assert not list(shop.backup_dir.glob("*"))


def test_a_second_one_at_once_is_told_who_holds_the_database(shop: Settings) -> None:
    """TRUST F10."""
    id = Runner(ADMIN, shop).submit(create_backup, "shop", made_by="ada")
    with pytest.raises(TargetBusy) as busy:
        back_up(shop)
    assert busy.value.http_status == 409
    assert busy.value.holder and busy.value.holder.operation_id == id


def test_whatever_is_counted_has_a_unit(shop: Settings) -> None:
    """Else a page shows a bare figure, which nobody can read."""
    events: list[Event] = []
    Runner(ADMIN, shop, events.append).run(create_backup, "shop", made_by="ada")
    phase = PhaseStarted("", None, "")
    for event in events:
        if isinstance(event, PhaseStarted):
            phase = event
        assert phase.unit or not isinstance(event, Advanced), phase


@pytest.mark.parametrize("name", ["archive.begun", "archive.written", "archive.synced"])
def test_a_cancel_leaves_nothing(shop: Settings, at: At, name: str) -> None:
    asked: list[bool] = []
    at(name, lambda: asked.append(True))
    with pytest.raises(OperationCancelled):
        Runner(ADMIN, shop, cancelled=lambda: bool(asked)).run(create_backup, "shop", made_by="ada")
    assert nothing_is_there(shop)
    at("", lambda: None)
    back_up(shop)


@pytest.mark.parametrize("name", ["archive.synced", "archive.renamed", "backup.described"])
def test_a_failure_at_the_last_moment_leaves_nothing(shop: Settings, at: At, name: str) -> None:
    def fail() -> None:
        raise BackupError("The disk is gone.")

    at(name, fail)
    with pytest.raises(BackupError, match="gone"):
        back_up(shop)
    assert nothing_is_there(shop)


def nothing_is_there(shop: Settings) -> bool:
    """No file, no row, nothing on the server."""
    files = [path for path in shop.backup_dir.rglob("*") if path.is_file()]
    with application_context(shop):
        return not files and not list_backups().backups and not left_behind(shop)
