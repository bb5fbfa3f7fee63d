"""The folder of the backups: what lies in it, what may not, and what is left of what was not finished (TRUST
X5, F8, B3)."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.errors import AlreadyExists, BackupError, InvalidInput, NotFound
from core.naming import new_id
from core.progress import Operation
from database.archive import write_archive
from database.backup_folder import BackupFolder
from database.backup_names import data_name, manifest_name, new_stem, schema_name
from tests.database.backups.storing import NAME, everything_below, piped, store

ROOT = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    return BackupFolder(tmp_path / "backups")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_folder_and_files_are_for_their_owner_alone(folder: BackupFolder) -> None:
    """TRUST X5, whatever the umask is, and where the folder was there before."""
    folder.path.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        store(folder, b"one")
        folder.trash(NAME)
    finally:
        os.umask(before)
    assert mode(folder.path) == mode(folder.path / ".trash") == 0o700
    assert mode(folder.path / ".trash" / NAME) == 0o600


def test_a_folder_that_may_not_be_written_is_told_before_any_work(tmp_path: Path) -> None:
    """TRUST F8, as somebody whom the system does refuse."""
    code = """
import os, sys
from pathlib import Path
from core.errors import BackupError
from database.backup_folder import BackupFolder
if os.geteuid() == 0:
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
try:
    BackupFolder(Path(sys.argv[1])).check_writable()
except BackupError as error:
    print(error)
"""
    with tempfile.TemporaryDirectory() as reachable:
        place = Path(reachable) / "backups"
        place.mkdir(mode=0o555)
        place.parent.chmod(0o755)
        run = subprocess.run(
            [sys.executable, "-c", code, str(place)], cwd=ROOT, capture_output=True, text=True, check=True
        )
    assert f"{place} cannot be written: Permission denied." in run.stdout and "BACKUP_DIR" in run.stdout


def test_trying_the_folder_leaves_nothing(folder: BackupFolder) -> None:
    folder.check_writable()
    assert everything_below(folder.path) == []


def test_threads_try_the_folder_at_the_same_time(folder: BackupFolder) -> None:
    with ThreadPoolExecutor(2) as pool:
        tries = [pool.submit(folder.check_writable) for _ in range(300)]
        assert [one.exception() for one in tries] == [None] * 300
    assert everything_below(folder.path) == []


def _link(path: Path, target: Path) -> None:
    path.symlink_to(target)


def _hard_link(path: Path, target: Path) -> None:
    path.hardlink_to(target)


def _fifo(path: Path, target: Path) -> None:
    os.mkfifo(path)


def _folder(path: Path, target: Path) -> None:
    path.mkdir()


@pytest.mark.parametrize("make", [_link, _hard_link, _fifo, _folder])
def test_nothing_but_a_plain_file_of_its_own_is_opened(
    folder: BackupFolder, tmp_path: Path, make: Callable[[Path, Path], None]
) -> None:
    """TRUST X5; a fifo does not hold us either."""
    secret = tmp_path / "secret"
    secret.write_bytes(b"secret")
    folder.check_writable()
    make(folder.path / "shop.dump.zst", secret)
    with pytest.raises(BackupError, match="not a plain file"), folder.open("shop.dump.zst"):
        pass
    assert folder.list() == ()


@pytest.mark.parametrize("name", ["../secret", "/etc/passwd", ".hidden", "..", "", "a/b", "x\0y", "n" * 300])
def test_names_lead_nowhere_else(folder: BackupFolder, tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_bytes(b"secret")
    with pytest.raises(InvalidInput), folder.open(name):
        pass
    with pytest.raises(InvalidInput):
        folder.trash(name)
    with pytest.raises(InvalidInput), folder.create_part(name, new_id()):
        pass


def test_a_link_in_the_place_of_the_folder_is_refused(folder: BackupFolder, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    folder.path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BackupError, match="not a folder"):
        folder.check_writable()


def test_a_link_that_waits_for_a_part_is_not_followed(folder: BackupFolder, tmp_path: Path) -> None:
    """Whoever guesses the name of what will be written gains nothing."""
    folder.check_writable()
    op = Operation()
    (folder.path / f"{NAME}.{op.id}.part").symlink_to(tmp_path / "target")
    with pytest.raises(BackupError):
        store(folder, b"one", op=op)
    assert not (tmp_path / "target").exists()


def test_a_part_has_no_name_until_it_is_published(folder: BackupFolder) -> None:
    op = Operation()
    with folder.create_part(NAME, op.id) as part:
        part.write(b"one")
        assert folder.list() == () and folder.is_taken(NAME.partition(".")[0])
    assert everything_below(folder.path) == [f"{NAME}.{op.id}.part"]
    folder.publish(op.id, NAME)
    assert everything_below(folder.path) == [NAME]


def test_two_never_have_the_same_name(folder: BackupFolder) -> None:
    store(folder, b"first")
    with pytest.raises(AlreadyExists):
        store(folder, b"second")
    with folder.create_part("other.dump.zst", new_id()), pytest.raises(AlreadyExists):
        store(folder, b"second", "other.dump.zst")
    with folder.open(NAME) as file:
        assert file.read()[:4] == b"\x28\xb5\x2f\xfd"


def test_parts_of_operations_that_run_no_more_are_cleared(folder: BackupFolder) -> None:
    """TRUST B3."""
    running, over = new_id(), new_id()
    for operation, name in ((running, "a.dump.zst"), (over, "b.dump.zst")):
        with folder.create_part(name, operation) as part:
            part.write(b"some")
    (folder.path / "notes.part").write_text("somebody's own")
    store(folder, b"one")
    assert folder.clear_parts(lambda operation: operation == running) == (f"b.dump.zst.{over}.part",)
    assert everything_below(folder.path) == [f"a.dump.zst.{running}.part", "notes.part", NAME]


def test_parts_go_with_the_work_that_failed(folder: BackupFolder) -> None:
    op = Operation()
    with pytest.raises(BackupError), folder.parts_of(op.id), piped(b"one") as source:
        write_archive(op, folder, NAME, source)
        raise BackupError("The program that wrote it failed.")
    assert everything_below(folder.path) == []


@pytest.mark.parametrize("where", ["begun", "written", "synced", "renamed", "published"])
def test_whoever_is_killed_leaves_a_part_or_the_whole(folder: BackupFolder, where: str) -> None:
    """TRUST B3, section 4.1 rule 2."""
    code = f"""
import os, signal, sys
from pathlib import Path
from core.failpoints import listen
from database.backup_folder import BackupFolder
from tests.database.backups.storing import dump_of, store
listen(lambda name: name == "archive.{where}" and os.kill(os.getpid(), signal.SIGKILL))
store(BackupFolder(Path(sys.argv[1])), dump_of(100_000))
"""
    run = subprocess.run([sys.executable, "-c", code, str(folder.path)], cwd=ROOT, check=False)
    assert run.returncode == -9
    named = [NAME] if where in ("renamed", "published") else []
    assert [file.name for file in folder.list()] == named
    folder.clear_parts(lambda operation: False)
    assert everything_below(folder.path) == named


def test_the_order_of_what_reaches_the_disk(folder: BackupFolder, tmp_path: Path) -> None:
    """TRUST D6, section 4.2: fsync of the file, rename, fsync of the folder; seen by the system itself."""
    code = """
import sys
from pathlib import Path
from database.backup_folder import BackupFolder
from tests.database.backups.storing import store
store(BackupFolder(Path(sys.argv[1])), b"one")
"""
    log = tmp_path / "calls"
    watch = ["strace", "-f", "-y", "-o", str(log), "-e", "trace=fsync,rename,renameat,renameat2"]
    try:
        run = subprocess.run(
            [*watch, sys.executable, "-c", code, str(folder.path)], cwd=ROOT, capture_output=True, text=True
        )
    except FileNotFoundError:
        pytest.skip("strace is not on this system")
    if not log.exists() or not log.read_text().strip():
        pytest.skip(f"strace sees nothing here: {run.stderr[:200]}")
    calls = [line for line in log.read_text().splitlines() if str(folder.path) in line]
    assert re.search(r"fsync\(\d+<.*\.part>", calls[0]) and "rename" in calls[1]
    assert re.search(rf"fsync\(\d+<{re.escape(str(folder.path))}>", calls[2])


def test_what_others_put_there_is_listed(folder: BackupFolder) -> None:
    store(folder, b"one")
    (folder.path / "my own dump.dump").write_bytes(b"PGDMP")
    assert {file.name for file in folder.list()} == {NAME, "my own dump.dump"}


def test_trash_waits_and_then_is_gone(folder: BackupFolder) -> None:
    store(folder, b"one")
    old = datetime(2020, 1, 1, tzinfo=UTC).timestamp()
    os.utime(folder.path / NAME, (old, old))
    folder.trash(NAME, "gone.dump.zst")
    assert folder.list() == () and [file.name for file in folder.list_trash()] == [NAME]
    now = datetime.now(UTC)
    assert folder.remove_trash(now - timedelta(minutes=5)) == ()  # its time counts from when it came here
    assert folder.remove_trash(now + timedelta(minutes=5)) == (NAME,)
    assert everything_below(folder.path) == []


def test_what_is_gone_is_not_found(folder: BackupFolder) -> None:
    with pytest.raises(NotFound), folder.open(NAME):
        pass


@pytest.mark.parametrize(
    ("database", "expected"),
    [
        ("shop", "shop"),
        ("../../etc/passwd", "_etc_passwd"),
        ("--file=/x", "file_x"),
        ("kuća 'šop'.db", "ku_a_op_db"),
        ("日本", "_"),
        (".hidden", "_hidden"),
        ("x" * 300, "x" * 100),
        ("", "database"),
    ],
)
def test_names_keep_nothing_that_could_mean_more(database: str, expected: str) -> None:
    """TRUST X5: made here, of letters, digits, dashes and underscores."""
    moment = datetime(2026, 11, 19, 2, 0, 0, tzinfo=UTC)
    stem = new_stem(database, moment, lambda name: False)
    assert stem == f"{expected}-20261119-020000"


def test_a_taken_name_gets_a_number(folder: BackupFolder) -> None:
    moment = datetime(2026, 11, 19, 2, 0, 0, tzinfo=UTC)
    for number in ("", "-2", "-3"):
        stem = new_stem("shop", moment, folder.is_taken)
        assert stem == f"shop-20261119-020000{number}"
        store(folder, b"one", data_name(stem, "dump", encrypted=True))
    assert schema_name(stem, encrypted=False) == f"{stem}.schema.zst"
    assert manifest_name(stem) == f"{stem}.manifest.json"
