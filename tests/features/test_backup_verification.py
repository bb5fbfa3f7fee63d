"""Backups proven: each level a fact that was seen, what is damaged named, nothing left behind (TRUST B1, B2,
F12, K5)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pyrage
import pytest
from sqlalchemy import update

from core import failpoints
from core.backup_levels import DAMAGED, Level
from core.errors import BackupDamaged, BackupError, BackupLocked, InvalidInput, NotFound, OperationCancelled
from core.settings import Settings
from database.context import application_context
from database.manifest import Fact, FactKind, manifest_text, read_manifest
from database.transactions import transaction
from features.backup_rows import BackupFacts, EvidenceFacts
from features.backup_verification import verify_backup
from features.backups import create_backup, read_backup, summarise
from features.databases import remove_database
from models import Backup
from operations.runner import Runner
from tests.features.backing import left_behind
from tests.features.restoring import ADMIN, back_up, restore, run

At = Callable[[str, Callable[[], None]], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """`at(failpoint, happen)`: what happens once the work of this process comes there."""

    def listen(name: str, happen: Callable[[], None]) -> None:
        monkeypatch.setattr(failpoints, "_listeners", [lambda there: happen() if there == name else None])

    return listen


def verify(settings: Settings, backup: str, level: str = Level.EQUAL) -> BackupFacts:
    found: BackupFacts = run(settings, verify_backup, backup, level)
    return found


def evidence(settings: Settings, backup: BackupFacts) -> tuple[EvidenceFacts, ...]:
    with application_context(settings):
        return read_backup(backup.id).evidence


# Proven


@pytest.mark.every_server
def test_every_level_is_a_fact_with_what_was_seen(shop: Settings) -> None:
    made = back_up(shop)
    proven = verify(shop, made.name, Level.HEALTHY)
    seen = evidence(shop, made)
    assert [one.level for one in seen] == list(Level)
    assert all(one.is_met and one.details for one in seen)
    assert "hash matches" in seen[1].details
    assert "0 errors" in seen[3].details
    assert "2 tables, 62 rows with their contents" in seen[4].details
    assert len({one.operation_id for one in seen[1:]}) == 1
    assert (proven.level, proven.is_verified, made.is_verified) == ("healthy", True, False)
    assert proven.proven_at == seen[-1].seen_at
    assert proven.restore_seconds == seen[3].seconds > 0
    assert not left_behind(shop)


def test_no_level_is_claimed_beyond_the_one_asked_for(shop: Settings) -> None:
    """TRUST B1."""
    made = back_up(shop)
    for level in Level:
        assert verify(shop, made.id, level).level == level
        assert max(one.level.rank for one in evidence(shop, made)) == level.rank


def test_proven_again_the_old_facts_stay(shop: Settings) -> None:
    made = back_up(shop)
    verify(shop, made.name)
    again = verify(shop, made.name, Level.INTACT)
    assert again.level == "equal"
    assert [one.level for one in evidence(shop, made)] == [*Level][:5] + [Level.INTACT]
    with application_context(shop):
        details = read_backup(made.name)
        assert details.newest(Level.INTACT) == details.evidence[-1]
        assert summarise("shop").restore_seconds == again.restore_seconds


def test_the_consoles_own_database(shop: Settings) -> None:
    assert verify(shop, back_up(shop, shop.database.name).name, Level.HEALTHY).level == "healthy"


def test_what_is_no_level_is_refused(shop: Settings) -> None:
    with pytest.raises(InvalidInput, match="no level"):
        verify(shop, back_up(shop).name, "perfect")


def test_a_backup_of_a_part_is_proven_too(shop: Settings) -> None:
    with application_context(shop):
        whole = read_backup(back_up(shop).id).manifest
    assert whole
    [table] = [one.name for one in whole.inventory.tables if one.name.endswith("shelf")]
    made = run(shop, create_backup, "shop", made_by="ada", tables=[table])
    assert verify(shop, made.name).level == "equal"


# What an admin says must be true


def test_an_assertion_that_is_not_true_is_named(shop: Settings) -> None:
    made = back_up(shop)
    assertion(shop, "books", "SELECT count(*) = 60 FROM book")
    assertion(shop, "shelves", "SELECT count(*) > 2 FROM shelf")
    with pytest.raises(BackupError, match="not healthy: The assertion shelves is not true"):
        verify(shop, made.name, Level.HEALTHY)
    *_, equal, healthy = evidence(shop, made)
    assert (equal.level, equal.is_met, healthy.level, healthy.is_met) == ("equal", True, "healthy", False)
    assertion(shop, "shelves", "SELECT count(*) = 2 FROM shelf")
    assert verify(shop, made.name, Level.HEALTHY).level == "healthy"
    assert "2 assertions true" in evidence(shop, made)[-1].details


@pytest.mark.every_server
@pytest.mark.parametrize("sql", ["SELECT * FROM nothing", "DELETE FROM book", "SELECT 1; SELECT 1", ""])
def test_an_assertion_that_is_no_question_makes_nothing_healthy(shop: Settings, sql: str) -> None:
    made = back_up(shop)
    assertion(shop, "odd", sql)
    with pytest.raises(BackupError, match="not healthy: The assertion odd"):
        verify(shop, made.name, Level.HEALTHY)
    assert evidence(shop, made)[-1].level == Level.HEALTHY
    assert not left_behind(shop)


def assertion(settings: Settings, name: str, sql: str) -> None:
    folder = settings.backup_assertions_dir / "shop"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.sql").write_text(sql)


# Damaged


@pytest.mark.parametrize("what", ["flipped", "cut", "empty", "gone", "manifest", "manifest gone"])
def test_what_is_not_what_was_stored_is_damaged(shop: Settings, what: str) -> None:
    """TRUST B2, F12: found before a server is asked for anything."""
    made = back_up(shop)
    verify(shop, made.name)
    harm(shop.backup_dir, made, what)
    with pytest.raises(BackupDamaged):
        verify(shop, made.name)
    last = evidence(shop, made)[-1]
    assert (last.level, last.is_met) == (Level.INTACT, False)
    assert last.details
    with application_context(shop):
        details = read_backup(made.name)
    assert (details.backup.level, details.backup.is_verified) == (DAMAGED, False)
    assert bool(details.fault) == what.startswith("manifest")


def test_what_was_only_away_is_proven_again(shop: Settings, tmp_path: Path) -> None:
    made = back_up(shop)
    (shop.backup_dir / made.file).rename(tmp_path / "away")
    with pytest.raises(BackupDamaged):
        verify(shop, made.name)
    (tmp_path / "away").rename(shop.backup_dir / made.file)
    assert verify(shop, made.name).level == "equal"


def harm(folder: Path, made: BackupFacts, what: str) -> None:
    path = folder / (f"{made.name}.manifest.json" if what.startswith("manifest") else made.file)
    content = path.read_bytes()
    middle = len(content) // 2
    match what.split()[-1]:
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(content[:-1])
        case _:
            path.write_bytes(content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :])


@pytest.mark.every_server
@pytest.mark.parametrize("change", ["rows", "content", "view"])
def test_a_copy_that_is_not_as_the_manifest_says_is_not_equal(shop: Settings, change: str) -> None:
    """TRUST B1: neither a row count nor a hash is believed for being written down."""
    made = back_up(shop)
    rewrite_manifest(shop, made, change)
    with pytest.raises(BackupError, match="not equal: .*(rows, not|other contents|ghost is missing)"):
        verify(shop, made.name)
    seen = evidence(shop, made)
    assert [(one.level, one.is_met) for one in seen[-2:]] == [(Level.RESTORED, True), (Level.EQUAL, False)]
    with application_context(shop):
        assert read_backup(made.id).backup.level == "restored"
    assert not left_behind(shop)


@pytest.mark.every_server
def test_counts_alone_show_nothing_to_be_equal(shop: Settings) -> None:
    """TRUST V4 wants a hash of the contents: neither a proof nor a restore calls such a copy equal."""
    made = run(shop, create_backup, "shop", made_by="ada", contents=False)
    with pytest.raises(BackupError, match="2 tables, 62 rows.* by counts alone"):
        verify(shop, made.name, Level.HEALTHY)
    assert (evidence(shop, made)[-1].level, evidence(shop, made)[-1].is_met) == (Level.EQUAL, False)
    restore(shop, made.id)
    with application_context(shop):
        found = read_backup(made.id).backup
    assert (found.level, found.is_verified, found.has_contents) == ("restored", False, False)
    assert verify(shop, made.name, Level.RESTORED).level == "restored"


def rewrite_manifest(settings: Settings, made: BackupFacts, change: str) -> None:
    """A manifest that claims something else, with the hash that goes with it."""
    path = settings.backup_dir / f"{made.name}.manifest.json"
    manifest = read_manifest(path.read_text())
    inventory = manifest.inventory
    first, *rest = inventory.tables
    ghost = Fact(FactKind.VIEW, "ghost", "SELECT 1")
    inventory = {
        "rows": replace(inventory, tables=(replace(first, rows=first.rows + 1), *rest)),
        "content": replace(inventory, tables=(replace(first, content="0" * len(first.content)), *rest)),
        "view": replace(inventory, facts=(*inventory.facts, ghost)),
    }[change]
    text = manifest_text(replace(manifest, inventory=inventory))
    path.write_text(text)
    with application_context(settings), transaction() as session:
        values = {"manifest_sha256": sha256(text.encode()).hexdigest()}
        session.execute(update(Backup).where(Backup.id == made.id).values(values))


# Encrypted


def test_an_encrypted_one_is_intact_without_the_identity_and_no_more(shop: Settings) -> None:
    """TRUST K5: whoever verifies with the identity leaves it nowhere."""
    identity = pyrage.x25519.Identity.generate()
    sealed = replace(shop, backup_encryption_key=str(identity.to_public()))
    made = back_up(sealed)
    assert made.encrypted_to == str(identity.to_public())
    assert made.file.endswith(".zst.age")
    with pytest.raises(BackupLocked):
        verify(sealed, made.name)
    assert [one.level for one in evidence(sealed, made)] == [Level.STORED, Level.INTACT]
    opened = replace(sealed, backup_identity=str(identity))
    assert verify(opened, made.name).level == "equal"
    kept = [path for path in shop.backup_dir.parent.rglob("*") if path.is_file()]
    assert len(kept) > 2
    assert not [path for path in kept if str(identity).encode() in path.read_bytes()]


def test_with_another_identity_it_stays_locked(shop: Settings) -> None:
    identity, other = pyrage.x25519.Identity.generate(), pyrage.x25519.Identity.generate()
    made = back_up(replace(shop, backup_encryption_key=str(identity.to_public())))
    with pytest.raises(BackupLocked):
        verify(replace(shop, backup_identity=str(other)), made.name)


# Nothing is left


@pytest.mark.parametrize("name", ["verify.intact", "verify.readable", "verify.restored", "verify.equal"])
def test_a_cancel_leaves_no_scratch_database(shop: Settings, at: At, name: str) -> None:
    made = back_up(shop)
    asked: list[bool] = []
    at(name, lambda: asked.append(True))
    with pytest.raises(OperationCancelled):
        Runner(ADMIN, shop, cancelled=lambda: bool(asked)).run(verify_backup, made.name, Level.HEALTHY)
    assert not left_behind(shop)
    met = name.partition(".")[2]
    assert evidence(shop, made)[-1].level == met


def test_without_its_database_it_is_read_and_not_restored(shop: Settings) -> None:
    made = back_up(shop)
    run(shop, remove_database, "shop")
    with pytest.raises(NotFound) as error:
        verify(shop, made.name)
    assert "register" in error.value.hint
    assert evidence(shop, made)[-1].level == Level.READABLE
