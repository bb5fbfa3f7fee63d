"""Health: the disks under the data and the backups, low, full, read-only or not ours to write on."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from features.health_disks import check_disk, fault_of, nearest
from features.health_report import Status
from tests.journeys.tools import ROOT, run_tool

GIGABYTE = 1_000_000_000


def disk(free: int, total: int, flags: int = 0, kept_for_root: int = 0) -> os.statvfs_result:
    """A disk of blocks of 1000 bytes."""
    blocks, room = total // 1000, free // 1000
    return os.statvfs_result((1000, 1000, blocks, room + kept_for_root // 1000, room, 0, 0, 0, flags, 255))


@pytest.mark.parametrize(
    ("free", "total", "fault"),
    [
        (50 * GIGABYTE, 100 * GIGABYTE, ""),
        (10 * GIGABYTE, 100 * GIGABYTE, ""),
        (9_999_999_000, 100 * GIGABYTE, "low"),
        (GIGABYTE, 5 * GIGABYTE, ""),
        (GIGABYTE - 1000, 5 * GIGABYTE, "low"),
        (0, 100 * GIGABYTE, "full"),
        (0, 0, "full"),
    ],
)
def test_where_low_begins(free: int, total: int, fault: str, tmp_path: Path) -> None:
    word, hint = fault_of(tmp_path, disk(free, total), ours=True)
    assert word == fault
    assert bool(hint) is bool(fault)


def test_what_is_kept_for_root_is_not_free(tmp_path: Path) -> None:
    assert fault_of(tmp_path, disk(0, 100 * GIGABYTE, kept_for_root=5 * GIGABYTE), ours=True)[0] == "full"


def test_a_read_only_disk(tmp_path: Path) -> None:
    read_only = disk(50 * GIGABYTE, 100 * GIGABYTE, os.ST_RDONLY)
    assert fault_of(tmp_path, read_only, ours=False)[0] == "read-only"


def test_a_folder_yet_to_be_made_is_looked_for_above(tmp_path: Path) -> None:
    assert nearest(tmp_path / "a" / "b") == tmp_path
    assert " free of " in check_disk("backup_disk", tmp_path / "a" / "b", ours=True).value
    assert not (tmp_path / "a").exists()


def test_a_file_in_the_way(tmp_path: Path) -> None:
    (tmp_path / "backups").write_text("")
    for folder in (tmp_path / "backups", tmp_path / "backups" / "deeper"):
        check = check_disk("backup_disk", folder, ours=True)
        assert check.status is Status.DEGRADED
        assert check.value.startswith("not a folder")
        assert str(tmp_path) not in check.value
        assert check.hint == f"At {tmp_path / 'backups'}: choose another folder."


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_somebody_else() -> None:
    assert check_disk("backup_disk", Path("/usr"), ours=True).value.startswith("not writable")
    assert "not writable" not in check_disk("data_disk", Path("/usr")).value


# Real disks, mounted where nobody else sees them


def on_a_disk(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Run `script` where $disk is a disk of its own with 2 MB; the door is $door."""
    unshare = shutil.which("unshare")
    mounted = unshare and subprocess.run(
        [unshare, "-Urm", "mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, check=False
    )
    if not (unshare and mounted and mounted.returncode == 0):
        pytest.skip("this system lets nobody mount a disk of their own")
    environment = {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": f"sqlite:///{folder}/data.db",
        "BACKUP_DIR": f"{folder}/backups",
        "disk": str(folder),
        "door": f"{sys.executable} {ROOT / 'db_health_check.py'}",
    }
    setup = 'set -e; mount -t tmpfs -o size=2m tmpfs "$disk"; cp origin.db "$disk/data.db"; '
    return subprocess.run(
        [unshare, "-Urm", "sh", "-c", setup + script],
        cwd=folder.parent, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the disk is to be mounted; a database to copy there lies beside it."""
    made = run_tool("manage_db.py", "init", cwd=tmp_path, DATABASE_URL=f"sqlite:///{tmp_path}/origin.db")
    assert made.code == 0, made.err
    (tmp_path / "disk").mkdir()
    return tmp_path / "disk"


HOLD = """
import sqlite3, sys, time
held = sqlite3.connect(sys.argv[1])
held.execute("SELECT count(*) FROM user").fetchone()
print(flush=True)
time.sleep(60)
"""
FILL = 'cat /dev/zero >"$disk/filler" || true; '


def test_a_full_disk_is_degraded(folder: Path) -> None:
    """While the application has the file open: then SQLite can still read it."""
    (folder.parent / "hold.py").write_text(HOLD)
    hold = f'{sys.executable} hold.py "$disk/data.db" >held & until [ -s held ]; do sleep 0.1; done; '
    run = on_a_disk(folder, hold + FILL + "code=0; $door || code=$?; kill $!; exit $code")
    assert run.returncode == 1, run.stdout + run.stderr
    assert run.stdout.startswith("The database is degraded: data_disk, backup_disk.\n")
    assert "full: 0 bytes free" in run.stdout


def test_a_full_disk_that_keeps_the_file_closed_is_unhealthy(folder: Path) -> None:
    run = on_a_disk(folder, FILL + "$door")
    assert run.returncode == 2, run.stdout + run.stderr
    assert "full" in run.stdout
    assert not run.stderr.replace("cat: write error: No space left on device\n", "")


@pytest.mark.parametrize(("journal", "code"), [("DELETE", 1), ("WAL", 2)])
def test_a_read_only_disk_is_told(folder: Path, journal: str, code: int) -> None:
    """With a write-ahead log SQLite cannot even read there: it wants to make a file beside it."""
    with closing(sqlite3.connect(folder.parent / "origin.db")) as database:
        database.execute(f"PRAGMA journal_mode = {journal}")
    run = on_a_disk(folder, 'mount -o remount,ro "$disk"; $door')
    assert run.returncode == code, run.stdout + run.stderr
    assert "read-only" in run.stdout
    assert not run.stderr
