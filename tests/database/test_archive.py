"""Archives: what is written comes back byte for byte, and no damage does (TRUST B2, B5, F19, K1)."""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import zstandard

from core.errors import AppError, BackupDamaged, BackupError, BackupLocked, OperationCancelled
from core.progress import Advanced, Event, Operation
from database.archive import write_archive
from database.archive_reader import cap_of, check_stored, open_archive
from database.backup_folder import BackupFolder
from tests.database.backups.storing import NAME, age_keys, dump_of, everything_below, piped, store

ROOT = Path(__file__).parents[2]
DATA = dump_of(3_000_000)
IDENTITY, RECIPIENT = age_keys()
both = pytest.mark.parametrize("recipient", ["", RECIPIENT], ids=["plain", "age"])


@pytest.fixture
def folder(tmp_path: Path) -> BackupFolder:
    return BackupFolder(tmp_path / "backups")


def read(folder: BackupFolder, name: str = NAME, identity: str = IDENTITY, cap: int | None = None) -> bytes:
    with folder.open(name) as file, open_archive(file, identity, cap=cap) as stream:
        return stream.read()


@both
@pytest.mark.parametrize("length", [1, 4095, 3_000_000])
def test_what_is_written_comes_back(folder: BackupFolder, recipient: str, length: int) -> None:
    stored = store(folder, DATA[:length], recipient=recipient)
    assert read(folder) == DATA[:length]
    path = folder.path / NAME
    assert stored.size == path.stat().st_size
    assert path.read_bytes()[:3] == (b"age" if recipient else b"\x28\xb5\x2f")
    with folder.open(NAME) as file:
        check_stored(Operation(), file, stored)


@both
def test_an_open_archive_is_read_again_and_by_two_at_once(folder: BackupFolder, recipient: str) -> None:
    """TRUST 1.1: opened once, and that very file is hashed and restored from, whatever has its name."""
    stored = store(folder, DATA, recipient=recipient)
    with folder.open(NAME) as file:
        (folder.path / NAME).unlink()
        store(folder, b"another", recipient=recipient)
        check_stored(Operation(), file, stored)
        with open_archive(file, IDENTITY) as one, open_archive(file, IDENTITY) as other:
            assert one.read(1000) + other.read(1000) == DATA[:1000] * 2
            assert one.read() == other.read() == DATA[1000:]


@both
def test_an_archive_may_be_left_in_the_middle(folder: BackupFolder, recipient: str) -> None:
    store(folder, DATA, recipient=recipient)
    with folder.open(NAME) as file, open_archive(file, IDENTITY) as stream:
        assert stream.read(10) == DATA[:10]


@both
def test_fifty_truncations_and_fifty_flips_are_each_caught(folder: BackupFolder, recipient: str) -> None:
    """TRUST B2: by the hash, and by decoding alone unless all bytes come out right."""
    stored = store(folder, DATA[:200_000], recipient=recipient)
    whole = (folder.path / NAME).read_bytes()
    print("seed", seed := random.SystemRandom().randrange(2**32))
    chance = random.Random(seed)
    for number in range(100):
        place = chance.randrange(len(whole))
        flipped = bytes([whole[place] ^ 1 << chance.randrange(8)]) + whole[place + 1 :]
        (folder.path / NAME).write_bytes(whole[:place] + (flipped if number % 2 else b""))
        with folder.open(NAME) as file, pytest.raises(BackupDamaged):
            check_stored(Operation(), file, stored)
        with suppress(BackupDamaged, BackupLocked):
            # A few bits say how the bytes were packed and not what they are: then all come out right.
            assert read(folder) == DATA[:200_000] and number % 2, f"{number} at {place}"


@pytest.mark.parametrize("keep", ["the frame", "nothing"])
def test_what_follows_a_whole_archive_is_a_damage(folder: BackupFolder, keep: str) -> None:
    store(folder, DATA[:1000])
    path = folder.path / NAME
    path.write_bytes((path.read_bytes() if keep == "the frame" else b"") + b"more")
    with pytest.raises(BackupDamaged):
        read(folder)


@pytest.mark.parametrize(
    "identity", ["", age_keys()[0], "AGE-SECRET-KEY-1NONE"], ids=["none", "another", "no key"]
)
def test_without_the_right_identity_it_stays_closed(folder: BackupFolder, identity: str) -> None:
    """TRUST K5."""
    store(folder, DATA, recipient=RECIPIENT)
    with pytest.raises(BackupLocked) as raised:
        read(folder, identity=identity)
    assert "BACKUP_IDENTITY" in raised.value.hint
    assert not identity or identity not in str(raised.value)


def test_more_than_the_cap_is_not_decoded(folder: BackupFolder) -> None:
    """TRUST B8 and 1.2: a gigabyte of nothing packs into a few kilobytes."""
    with folder.create_part(NAME, op_id := "0" * 26) as part:
        part.write(zstandard.ZstdCompressor(level=19).compress(bytes(300_000_000)))
    folder.publish(op_id, NAME)
    cap = cap_of(folder, (folder.path / NAME).stat().st_size)
    assert cap < 100_000_000
    with pytest.raises(BackupDamaged, match="more than"):
        read(folder, cap=cap)


@both
def test_a_full_disk_leaves_nothing_and_harms_nothing(tmp_path: Path, recipient: str) -> None:
    """TRUST B5 with RLIMIT_FSIZE: in a process of its own, which could write no file of ours either."""
    folder = BackupFolder(tmp_path)
    before = store(folder, DATA[:1000], "older-20261118-020000.dump.zst")
    code = f"""
import resource, sys
from pathlib import Path
from core.errors import BackupError
from database.backup_folder import BackupFolder
from tests.database.backups.storing import dump_of, store
resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))
try:
    store(BackupFolder(Path(sys.argv[1])), dump_of(3_000_000), recipient={recipient!r})
except BackupError as error:
    sys.exit(str(error))
"""
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert f"{tmp_path} is full: " in run.stderr and "free. Nothing was kept." in run.stderr
    assert everything_below(tmp_path) == [before.name]
    with folder.open(before.name) as file:
        check_stored(Operation(), file, before)


@pytest.mark.skipif(not shutil.which("unshare"), reason="unshare is not on this system")
def test_a_full_file_system_says_how_much_is_free(tmp_path: Path) -> None:
    """TRUST B5, F7: a small tmpfs in a namespace of its own."""
    code = f"""
import sys
from core.errors import BackupError
from pathlib import Path
from database.backup_folder import BackupFolder
from tests.database.backups.storing import dump_of, store, everything_below
try:
    store(BackupFolder(Path({str(tmp_path)!r})), dump_of(30_000_000))
except BackupError as error:
    print(error, everything_below(Path({str(tmp_path)!r})))
"""
    script = 'mount -t tmpfs -o size=2m tmpfs "$1" && exec "$2" -c "$3"'
    run = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", script, "sh", str(tmp_path), sys.executable, code],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if "unshare" in run.stderr or "mount" in run.stderr:
        pytest.skip(run.stderr.strip().splitlines()[0])
    assert "is full: " in run.stdout and "free. Nothing was kept." in run.stdout, run.stderr
    assert run.stdout.rstrip().endswith("[]")


def test_an_empty_dump_is_no_backup(folder: BackupFolder) -> None:
    with pytest.raises(BackupError, match="empty"):
        store(folder, b"")
    assert everything_below(folder.path) == []


def test_a_source_that_falls_silent_is_given_up(folder: BackupFolder) -> None:
    """TRUST F19."""
    ours, theirs = os.pipe()
    os.write(theirs, b"some")
    began = time.monotonic()
    with os.fdopen(ours, "rb", buffering=0) as source, pytest.raises(BackupError, match="No byte"):
        write_archive(Operation(), folder, NAME, source, silence=0.3)
    os.close(theirs)
    assert time.monotonic() - began < 5
    assert everything_below(folder.path) == []


@both
def test_a_cancel_leaves_nothing(folder: BackupFolder, recipient: str) -> None:
    asked: list[Event] = []
    op = Operation(asked.append, cancelled=lambda: bool(asked))
    with piped(dump_of(20_000_000)) as source, pytest.raises(OperationCancelled):
        write_archive(op, folder, NAME, source, recipient=recipient)
    assert everything_below(folder.path) == []


def test_progress_counts_the_bytes_of_the_dump_a_few_times_a_second(folder: BackupFolder) -> None:
    heard: list[Event] = []
    store(folder, dump_of(40_000_000), op=Operation(heard.append))
    done = [event.done for event in heard if isinstance(event, Advanced)]
    assert done[-1] == 40_000_000 and len(done) < 30


@both
def test_memory_stays_flat_whatever_the_size(tmp_path: Path, recipient: str) -> None:
    """Under 150 MB for all of a process that writes and reads back 200 MB."""
    code = f"""
import sys
from pathlib import Path
from core.progress import Operation
from database.archive import write_archive
from database.archive_reader import open_archive
from database.backup_folder import BackupFolder
from tests.database.backups.storing import NAME, dump_of
class Endless:
    left, block = 200_000_000, dump_of(8_000_000)
    def read(self, size):
        size = min(size, self.left)
        self.left -= size
        start = self.left % 7_700_000
        return self.block[start:start + size]
folder, op = BackupFolder(Path(sys.argv[1])), Operation()
write_archive(op, folder, NAME, Endless(), recipient={recipient!r})
folder.publish(op.id, NAME)
with folder.open(NAME) as file, open_archive(file, {IDENTITY!r}) as stream:
    while stream.read(1_000_000):
        pass
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""
    run = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert int(run.stdout) < 150_000


@both
def test_no_secret_is_in_any_file_or_error(folder: BackupFolder, recipient: str) -> None:
    """TRUST K1: the identity is nowhere, and with age the content is not either."""
    canary = b"canary-4f0c-secret"
    stored = store(folder, canary * 1000, recipient=recipient)
    said = [repr(stored)]
    for spoil in (b"", b"x"):
        (folder.path / "bad").write_bytes((folder.path / NAME).read_bytes()[:-8] + spoil)
        with pytest.raises(AppError) as raised:
            read(folder, "bad")
        said += [str(raised.value), repr(raised.value.__cause__)]
    raw = b"".join(path.read_bytes() for path in folder.path.iterdir())
    assert IDENTITY not in " ".join(said) and IDENTITY.encode() not in raw
    assert not (recipient and canary in raw)


def test_a_stream_without_a_handle_is_a_source_too(folder: BackupFolder) -> None:
    """What a browser uploads."""
    op = Operation()
    write_archive(op, folder, NAME, io.BytesIO(DATA))
    folder.publish(op.id, NAME)
    assert read(folder) == DATA
