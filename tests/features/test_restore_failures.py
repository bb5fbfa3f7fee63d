"""Restores that must not succeed: damaged, unequal, cancelled, overtaken, two at once (TRUST B2, B10, F18,
J4)."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from sqlalchemy import update

from core import failpoints
from core.errors import (
    BackupDamaged,
    BackupError,
    BackupIncompatible,
    LeaseLost,
    LockTimeout,
    NotFound,
    OperationCancelled,
    TargetBusy,
)
from core.progress import Operation
from core.settings import Settings
from database.adapters.backup import operation_of
from database.context import application_context
from features.backup_subjects import find_subject
from features.backups import create_backup, list_backups
from features.replacements import (
    list_replacements,
)
from features.restores import plan_restore, restore_backup
from models import OperationRecord, db
from operations.runner import Runner
from tests.features.restoring import (
    ADMIN,
    BOOKS,
    add_books,
    back_up,
    count,
    leftovers,
    pretend,
    restore,
    run,
    untouched,
)
from tests.rounds import ROUNDS
from tests.servers import Server


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Callable[[], None]], None]:
    """`at(failpoint, happen)`: what happens once the work of this process comes there."""

    def listen(name: str, happen: Callable[[], None]) -> None:
        monkeypatch.setattr(failpoints, "_listeners", [lambda there: happen() if there == name else None])

    return listen


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone", "manifest"])
def test_a_damaged_backup_is_found_before_anything_is_touched(
    shop: Settings, server: Server, database_url: str, damage: str
) -> None:
    """TRUST B2."""
    backup = back_up(shop)
    path = shop.backup_dir / backup.file
    content = path.read_bytes()
    if damage == "flip":
        path.write_bytes(content[:200] + bytes([content[200] ^ 1]) + content[201:])
    elif damage == "manifest":
        (shop.backup_dir / f"{backup.name}.manifest.json").write_text("{}")
    elif damage == "gone":
        path.unlink()
    else:
        path.write_bytes(content[: len(content) // 2] if damage == "cut" else b"")
    with pytest.raises((BackupDamaged, NotFound)):
        restore(shop, backup.id)
    assert untouched(shop, server, database_url, BOOKS)
    with application_context(shop):
        assert list_backups("shop").backups == (backup,)  # not even a backup before it


def test_a_copy_that_is_not_equal_takes_no_place(shop: Settings, server: Server, database_url: str) -> None:
    """The manifest tells of one row more than the archive holds."""
    backup = back_up(shop)
    pretend(shop, backup, lambda said: said["inventory"]["tables"][0].update(rows=999))
    with pytest.raises(BackupError, match="not equal"):
        restore(shop, backup.id)
    assert untouched(shop, server, database_url, BOOKS)


@pytest.mark.parametrize("point", ["created", "loaded", "handed_over", "prepared"])
def test_what_fails_before_the_swap_leaves_the_live_one_untouched(
    shop: Settings, server: Server, database_url: str, at: Callable[..., None], point: str
) -> None:
    backup = back_up(shop)
    add_books(server, database_url, 1000, 5)

    def fail() -> None:
        raise LockTimeout("The test says so.")

    at(f"restore.{point}", fail)
    with pytest.raises(LockTimeout):
        restore(shop, backup.id)
    assert untouched(shop, server, database_url, BOOKS + 5)
    at("nowhere", fail)
    restore(shop, backup.id)
    assert count(server, database_url) == BOOKS


@pytest.mark.parametrize("point", ["backed_up", "created", "loaded", "prepared"])
def test_a_cancel_before_the_swap_leaves_the_live_one_untouched(
    shop: Settings, server: Server, database_url: str, at: Callable[..., None], point: str
) -> None:
    """TRUST J4."""
    backup = back_up(shop)
    wish: list[bool] = []
    at(f"restore.{point}", lambda: wish.append(True))
    with pytest.raises(OperationCancelled):
        Runner(ADMIN, shop, cancelled=lambda: bool(wish)).run(
            restore_backup, backup.id, "shop", made_by="ada"
        )
    assert untouched(shop, server, database_url, BOOKS)


def test_a_second_restore_at_once_is_told_who_is_at_it(
    shop: Settings, server: Server, database_url: str, at: Callable[..., None]
) -> None:
    """TRUST B10."""
    backup = back_up(shop)
    told: list[str] = []

    def come_too() -> None:
        for feature, more in ((restore_backup, (backup.id,)), (create_backup, ())):
            with pytest.raises(TargetBusy) as error:
                run(shop, feature, *more, "Shop", made_by="bob")
            told.append(error.value.message)

    at("restore.loaded", come_too)
    restore(shop, backup.id)
    assert len(told) == 2
    assert all(f"Restore shop from {backup.id}" in one for one in told)
    assert count(server, database_url) == BOOKS


def test_a_backup_of_a_part_replaces_nothing(shop: Settings, server: Server, database_url: str) -> None:
    backup = back_up(shop)
    pretend(shop, backup, lambda said: said.update(selection=["book"]))
    with application_context(shop):
        assert "part" in plan_restore(backup.id).faults[0].message
    with pytest.raises(BackupIncompatible, match="part"):
        restore(shop, backup.id)
    assert untouched(shop, server, database_url, BOOKS)


def test_a_worker_that_was_overtaken_swaps_nothing(
    shop: Settings, server: Server, database_url: str, at: Callable[..., None]
) -> None:
    """TRUST F18: another attempt runs by now. What that one makes is not dropped either."""
    backup = back_up(shop)
    add_books(server, database_url, 1000, 5)
    dropped: list[str] = []

    def overtake() -> None:
        with db.engine.begin() as connection:
            connection.execute(update(OperationRecord).values(attempt=OperationRecord.attempt + 1))

    at("restore.handed_over", overtake)
    with pytest.raises((LeaseLost, OperationCancelled)):
        restore(shop, backup.id)
    assert count(server, database_url) == BOOKS + 5
    with application_context(shop):
        assert list_replacements("shop") == ()
        adapter = find_subject("shop").open_adapter()
        for name in leftovers(shop):
            adapter.drop(Operation(id=operation_of(name)), name)
            dropped.append(name)
    assert len(dropped) == 1


@pytest.mark.rounds
def test_no_damage_anywhere_comes_as_far_as_the_database(
    shop: Settings, server: Server, database_url: str
) -> None:
    """TRUST B2: bytes changed and cut off at random places; 50 of each in scripts/faults."""
    backup = back_up(shop)
    path = shop.backup_dir / backup.file
    content = path.read_bytes()
    for _ in range(50 if ROUNDS >= 20 else 5):
        place = random.randrange(len(content))
        flipped = bytes([content[place] ^ (1 << random.randrange(8))])
        for damaged in (content[:place] + flipped + content[place + 1 :], content[:place]):
            path.write_bytes(damaged)
            with pytest.raises(BackupDamaged):
                restore(shop, backup.id)
    assert untouched(shop, server, database_url, BOOKS)
    path.write_bytes(content)
    restore(shop, backup.id)
