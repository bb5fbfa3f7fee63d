"""A backup opened to be read: hashed before anything is decoded, from the very files that were hashed (TRUST
1.1, B2, B8)."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.clock import utc_now
from core.errors import BackupDamaged, NotFound
from core.naming import new_id
from core.progress import Advanced, Event, Operation
from database.archive import write_manifest
from database.archive_reader import opened_backup, read_stored_manifest, verify_intact
from database.backup_folder import BackupFolder
from database.manifest import Inventory, Manifest, StoredFile, TableFacts
from tests.database.backups.storing import dump_of, store

DATA, SCHEMA = "shop-20261119-020000.dump.zst", "shop-20261119-020000.schema.zst"
MANIFEST = "shop-20261119-020000.manifest.json"
DUMP = dump_of(500_000)


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    return BackupFolder(tmp_path / "backups")


@pytest.fixture
def manifest(folder: BackupFolder) -> Manifest:
    data = store(folder, DUMP, DATA)
    schema = replace(store(folder, b"CREATE", SCHEMA), part="schema")
    return describing(data, schema)


def describing(*files: StoredFile) -> Manifest:
    inventory, server = Inventory((TableFacts("kuća | x", 3, "ab"),), hash="some"), (3, 40, 1)
    return Manifest(
        new_id(), "shop", "sqlite", "SQLite", server, "", utc_now(), 1.0, "", True, inventory, files
    )


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def test_every_part_is_read_as_often_as_it_is_wanted(folder: BackupFolder, manifest: Manifest) -> None:
    heard: list[Event] = []
    with opened_backup(Operation(heard.append), folder, manifest) as source:
        for _ in range(2):
            with source.data() as stream:
                assert stream.read() == DUMP
        assert source.schema
        with source.schema() as stream:
            assert stream.read() == b"CREATE"
        assert source.manifest == manifest and source.is_trusted
    done = [event.done for event in heard if isinstance(event, Advanced)]
    assert done[-1] == sum(stored.size for stored in manifest.files)


@pytest.mark.parametrize("name", [DATA, SCHEMA])
@pytest.mark.parametrize("how", ["flipped", "longer", "shorter", "gone"])
def test_a_damaged_part_is_told_before_anything_is_decoded(
    folder: BackupFolder, manifest: Manifest, name: str, how: str
) -> None:
    path = folder.path / name
    if how == "flipped":
        spoil(path)
    elif how == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes() + b"x" if how == "longer" else path.read_bytes()[:-1])
    error = NotFound if how == "gone" else BackupDamaged
    with pytest.raises(error, match=name), opened_backup(Operation(), folder, manifest):
        pytest.fail("it was opened")
    with pytest.raises(error, match=name):
        verify_intact(Operation(), folder, manifest)


def test_what_is_whole_is_intact(folder: BackupFolder, manifest: Manifest) -> None:
    verify_intact(Operation(), folder, manifest)


def test_a_backup_without_its_data_is_none(folder: BackupFolder, manifest: Manifest) -> None:
    lacking = replace(manifest, files=manifest.files[1:])
    with pytest.raises(BackupDamaged, match="no file of data"), opened_backup(Operation(), folder, lacking):
        pass


def test_what_came_from_elsewhere_may_not_grow_without_end(folder: BackupFolder) -> None:
    """TRUST B8: what we made may."""
    manifest = describing(store(folder, bytes(100_000_000), DATA))
    with opened_backup(Operation(), folder, manifest) as ours, ours.data() as stream:
        assert sum(map(len, iter(lambda: stream.read(1_000_000), b""))) == 100_000_000
    opening = opened_backup(Operation(), folder, manifest, is_trusted=False)
    with opening as theirs, theirs.data() as stream, pytest.raises(BackupDamaged, match="more than"):
        while stream.read(1_000_000):
            pass


def test_a_manifest_is_the_one_that_was_written(folder: BackupFolder, manifest: Manifest) -> None:
    sha256 = write_manifest(Operation(), folder, MANIFEST, manifest)
    assert read_stored_manifest(folder, MANIFEST, sha256) == manifest
    path = folder.path / MANIFEST
    path.write_text(path.read_text().replace('"rows": 3', '"rows": 4'))
    with pytest.raises(BackupDamaged, match="not the one"):
        read_stored_manifest(folder, MANIFEST, sha256)


@pytest.mark.parametrize("text", [b"", b"{}", b"\xff\xfe", b'{"format": 99}', b"[1, 2]"])
def test_what_is_no_manifest(folder: BackupFolder, text: bytes) -> None:
    folder.check_writable()
    (folder.path / MANIFEST).write_bytes(text)
    with pytest.raises(BackupDamaged):
        read_stored_manifest(folder, MANIFEST)
