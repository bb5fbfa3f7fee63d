"""Files that this console did not make: recognised by their bytes, kept under our own names, and trusted only
with a manifest that holds (TRUST B8, B11, D12)."""

from __future__ import annotations

import io
import json
import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete

from core.clock import utc_now
from core.connection import Dialect
from core.errors import AppError, BackupDamaged, BackupError, BackupIncompatible, InvalidInput, NotFound
from core.naming import new_id
from core.progress import Operation
from core.settings import Settings
from database.archive_reader import open_archive
from database.backup_folder import BackupFolder
from database.context import application_context
from database.foreign_files import take_in
from database.transactions import transaction
from features.backup_rows import BackupFacts
from features.backup_verification import verify_backup
from features.backups import list_backups, read_backup
from features.foreign_backups import (
    ForeignFile,
    adopt_backup,
    clear_old_uploads,
    keep_upload,
    list_foreign_files,
)
from features.restores import plan_restore
from features.retention import prune_backups
from models import Backup, OperationRecord, db
from tests.features.restoring import BOOKS, add_books, back_up, count, name_beside, restore, run, url_of
from tests.servers import Server

BARE = (Dialect.POSTGRESQL, Dialect.SQLITE)  # those whose dumps are archives or files, and not scripts


@pytest.fixture
def bare(shop: Settings) -> bytes:
    """A dump of the shop as pg_dump, or SQLite's own shell, leaves it."""
    backup = back_up(shop)
    with BackupFolder(shop.backup_dir).open(backup.file) as file, open_archive(file) as stream:
        dump = stream.read()
    forget(shop, backup, files=True)
    return dump


def forget(settings: Settings, backup: BackupFacts, *, files: bool = False) -> None:
    """As if another console had made it."""
    with application_context(settings), db.engine.begin() as connection:
        connection.execute(delete(Backup).where(Backup.id == backup.id))
        connection.execute(delete(OperationRecord).where(OperationRecord.id == backup.operation_id))
    for path in settings.backup_dir.glob(f"{backup.name}.*") if files else ():
        path.unlink()


def foreign(settings: Settings) -> tuple[ForeignFile, ...]:
    with application_context(settings):
        return list_foreign_files()


def upload(settings: Settings, data: bytes, name: str = "theirs.dump", length: int | None = None) -> str:
    with application_context(settings):
        return keep_upload(io.BytesIO(data), name, length)


def put(settings: Settings, name: str, data: bytes) -> Path:
    settings.backup_dir.mkdir(exist_ok=True)
    path = settings.backup_dir / name
    path.write_bytes(data)
    return path


def test_a_bare_archive_is_restored_beside_and_replaces_nothing(
    shop: Settings, server: Server, database_url: str, bare: bytes
) -> None:
    """TRUST B8: untrusted for ever."""
    if server.dialect not in BARE:
        pytest.skip(f"a dump of {server.dialect} is a script")
    put(shop, "theirs.dump", bare)
    (found,) = foreign(shop)
    assert (found.name, found.dialect, found.is_trusted, found.fault) == (
        "theirs.dump",
        server.dialect,
        False,
        "",
    )
    with pytest.raises(InvalidInput, match="which database"):
        run(shop, adopt_backup, "theirs.dump", made_by="ada")
    adopted = run(shop, adopt_backup, "theirs.dump", "shop", made_by="ada")
    assert (adopted.origin, adopted.is_trusted, adopted.level) == ("uploaded", False, "stored")
    assert foreign(shop) == ()
    with application_context(shop):
        assert not plan_restore(adopted.id).is_possible
        assert plan_restore(adopted.id, new_name="copy").is_possible
    with pytest.raises(BackupIncompatible, match="made elsewhere"):
        restore(shop, adopted.id)
    name = restore(shop, adopted.id, new_name=name_beside(database_url))
    assert count(server, url_of(server, database_url, name)) == BOOKS
    with pytest.raises(BackupError, match="no manifest"):
        run(shop, verify_backup, adopted.id, "equal")


def test_an_upload_is_kept_under_a_name_of_ours_for_its_owner_alone(
    shop: Settings, server: Server, bare: bytes
) -> None:
    if server.dialect not in BARE:
        with pytest.raises(InvalidInput, match="SQL scripts"):
            upload(shop, bare, "theirs.sql")
        assert list(shop.backup_dir.iterdir()) == []
        return
    name = upload(shop, bare, "../../../evil;rm.dump")
    assert name.startswith("upload-")
    assert stat.S_IMODE((shop.backup_dir / name).stat().st_mode) == 0o600
    assert [(one.name, one.can_adopt, one.is_trusted) for one in foreign(shop)] == [(name, True, False)]
    adopted = run(shop, adopt_backup, name, "shop", made_by="ada")
    assert (adopted.file, adopted.origin) == (name, "uploaded")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"-- MySQL dump\nDROP TABLE x;", "SQL scripts"),
        (b"\\restrict\n\\! touch /tmp/x\n", "SQL scripts"),
        (b"", "neither"),
        (b"PGDM", "neither"),
        (b"\x28\xb5\x2f\xfd rest", "without its manifest"),
        (b"age-encryption.org/v1\n-> X25519", "without its manifest"),
        (b"\x7fELF and more", "neither"),
        (b"toc.dat" + bytes(600), "neither"),
    ],
    ids=("sql", "psql", "empty", "cut", "zstd", "age", "program", "tar"),
)
def test_what_is_no_archive_is_refused_and_nothing_is_kept(shop: Settings, data: bytes, said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        upload(shop, data)
    assert not any(shop.backup_dir.iterdir()) if shop.backup_dir.exists() else True
    put(shop, "theirs.dump", data)
    (found,) = foreign(shop)
    assert not found.can_adopt
    with pytest.raises(AppError):
        run(shop, adopt_backup, "theirs.dump", "shop", made_by="ada")


def test_more_than_half_of_what_is_free_is_not_kept(shop: Settings, tmp_path: Path) -> None:
    """TRUST W10: what is announced is refused at once, what is not when the limit is reached."""
    with pytest.raises(BackupError, match="too large"):
        upload(shop, b"PGDMP", length=10**18)

    class Tight(BackupFolder):
        def free_space(self) -> int:
            return 2_000_000

    folder = Tight(tmp_path / "tight")
    with pytest.raises(BackupError, match="too large"):
        take_in(Operation(), folder, io.BytesIO(b"PGDMP" + os.urandom(1_500_000)), "x", "", is_upload=True)
    assert folder.list() == ()
    assert not list(folder.path.glob("*.part"))


def test_a_basekeeper_backup_with_its_manifest_is_trusted_and_may_replace(
    shop: Settings, server: Server, database_url: str
) -> None:
    backup = back_up(shop)
    forget(shop, backup)
    (found,) = foreign(shop)
    assert (found.name, found.database, found.is_trusted) == (backup.file, "shop", True)
    adopted = run(shop, adopt_backup, backup.file, made_by="ada")
    assert (adopted.id, adopted.origin, adopted.is_trusted) == (backup.id, "adopted", True)
    add_books(server, database_url, 1000, 3)
    restore(shop, adopted.id)
    assert count(server, database_url) == BOOKS
    with application_context(shop):  # another's server may name whoever rules this one
        other = plan_restore(adopted.id, shop.database.name).obstacles
    assert any("roles of the names there" in one.message for one in other)


@pytest.mark.parametrize("damage", ["data", "cut", "manifest", "other name", "odd name", "no manifest"])
def test_one_whose_manifest_does_not_hold_is_not_trusted(shop: Settings, damage: str) -> None:
    """TRUST B2: nothing of it is adopted."""
    backup = back_up(shop)
    forget(shop, backup)
    data, manifest = shop.backup_dir / backup.file, shop.backup_dir / f"{backup.name}.manifest.json"
    if damage == "data":
        content = bytearray(data.read_bytes())
        content[len(content) // 2] ^= 1
        data.write_bytes(content)
    elif damage == "cut":
        os.truncate(data, 100)
    elif damage == "manifest":
        manifest.write_text(manifest.read_text().replace(backup.sha256, "0" * 64))
    elif damage == "other name":
        data.rename(data.with_name(f"other.{data.name.partition('.')[2]}"))
    elif damage == "odd name":
        odd = f"{backup.name}.\n    touch x"
        data.rename(data.with_name(odd))
        manifest.write_text(manifest.read_text().replace(json.dumps(backup.file), json.dumps(odd)))
    else:
        manifest.unlink()
    for found in foreign(shop):
        with pytest.raises((BackupDamaged, InvalidInput)):
            run(shop, adopt_backup, found.name, made_by="ada")
    with application_context(shop):
        assert not db.session.query(Backup).count()


def test_a_copy_of_a_known_backup_is_not_adopted_twice(shop: Settings) -> None:
    backup = back_up(shop)
    for path in shop.backup_dir.glob(f"{backup.name}.*"):
        text = path.read_bytes().replace(backup.name.encode(), b"twin-20200101-000000")
        path.with_name(path.name.replace(backup.name, "twin-20200101-000000")).write_bytes(
            text if path.suffix == ".json" else path.read_bytes()
        )
    (found,) = foreign(shop)
    with pytest.raises(AppError, match="known already"):
        run(shop, adopt_backup, found.name, made_by="ada")


def test_what_retention_let_go_of_is_brought_back(shop: Settings) -> None:
    """Out of the trash again it is listed, stays where it is, and is adopted for as long as a new one."""
    first = back_up(shop)
    let_go(shop, first)
    assert foreign(shop) == ()
    for path in (shop.backup_dir / ".trash").iterdir():
        path.rename(shop.backup_dir / path.name)
    run(shop, prune_backups)
    assert [one.name for one in foreign(shop)] == [first.file]
    back = run(shop, adopt_backup, first.file, made_by="ada")
    assert (back.id, back.origin, back.level) == (first.id, "adopted", "equal")
    with application_context(shop):
        assert "brought back" in read_backup(back.id).evidence[-1].details
    assert not run(shop, prune_backups).doomed
    assert foreign(shop) == ()


def test_the_name_of_what_is_gone_may_be_anothers(shop: Settings) -> None:
    first = back_up(shop)
    let_go(shop, first)
    manifest = json.loads((shop.backup_dir / ".trash" / f"{first.name}.manifest.json").read_text())
    for path in (shop.backup_dir / ".trash").iterdir():
        path.rename(shop.backup_dir / path.name)
    put(shop, f"{first.name}.manifest.json", json.dumps(manifest | {"id": new_id()}).encode())
    adopted = run(shop, adopt_backup, first.file, made_by="ada")
    assert adopted.id != first.id and adopted.file == first.file
    with application_context(shop):
        assert [one.file for one in list_backups("shop").backups][-1] == first.file


def let_go(settings: Settings, backup: BackupFacts) -> None:
    """By retention, after two more that are verified."""
    run(settings, verify_backup, backup.id)
    for _ in range(2):
        run(settings, verify_backup, back_up(settings).id)
    with application_context(settings), transaction() as session:
        session.get_one(Backup, backup.id).taken_at -= timedelta(days=60)
    assert [one.backup.id for one in run(settings, prune_backups).doomed] == [backup.id]


def test_links_and_pipes_are_not_looked_into(shop: Settings, tmp_path: Path) -> None:
    """TRUST X5."""
    secret = tmp_path / "secret.dump"
    secret.write_bytes(b"PGDMP")
    put(shop, "x.txt", b"").unlink()
    (shop.backup_dir / "link.dump").symlink_to(secret)
    os.mkfifo(shop.backup_dir / "pipe.dump")
    os.link(secret, shop.backup_dir / "hard.dump")
    assert foreign(shop) == ()
    for name in ("link.dump", "pipe.dump", "hard.dump", "../secret.dump", "/etc/passwd", "\0"):
        with pytest.raises(NotFound):
            run(shop, adopt_backup, name, "shop", made_by="ada")


def test_uploads_that_nobody_adopted_go_after_a_week(shop: Settings, server: Server, bare: bytes) -> None:
    if server.dialect not in BARE:
        pytest.skip(f"a dump of {server.dialect} is a script")
    old, new = upload(shop, bare), upload(shop, bare)
    put(shop, "theirs.dump", bare)
    past = (utc_now() - timedelta(days=8)).timestamp()
    for name in (old, "theirs.dump"):
        os.utime(shop.backup_dir / name, (past, past))
    with application_context(shop):
        assert clear_old_uploads() == (old,)
    assert {one.name for one in foreign(shop)} == {new, "theirs.dump"}
