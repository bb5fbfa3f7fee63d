"""Bytes that stand for a dump, written into a folder of backups as a dump would be."""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from pyrage import x25519

from core.progress import Operation
from database.archive import write_archive
from database.backup_folder import BackupFolder
from database.manifest import StoredFile

NAME = "shop-20261119-020000.dump.zst"


def dump_of(length: int, seed: int = 1) -> bytes:
    """Bytes that compress as those of a dump do: some of them well, some not at all."""
    chance = random.Random(seed)
    words = [chance.randbytes(4).hex().encode() for _ in range(500)]
    lines = [b"\t".join(chance.choices(words, k=8)) for _ in range(2000)]
    text = b"\n".join(chance.choices(lines, k=length // 100))
    return text + chance.randbytes(length - len(text))


@contextmanager
def piped(data: bytes) -> Iterator[IO[bytes]]:
    """The end of a pipe into which a thread writes `data`."""
    ours, theirs = os.pipe()

    def write() -> None:
        try:
            with os.fdopen(theirs, "wb") as end:
                end.write(data)
        except BrokenPipeError:
            pass  # the reader gave up

    thread = threading.Thread(target=write)
    thread.start()
    try:
        with os.fdopen(ours, "rb", buffering=0) as end:
            yield end
    finally:
        thread.join()


def store(
    folder: BackupFolder, data: bytes, name: str = NAME, *, recipient: str = "", op: Operation | None = None
) -> StoredFile:
    """Write it and give it its name."""
    op = op or Operation()
    with piped(data) as source:
        stored = write_archive(op, folder, name, source, recipient=recipient)
    folder.publish(op.id, name)
    return stored


def age_keys() -> tuple[str, str]:
    """An identity and the recipient that goes with it."""
    identity = x25519.Identity.generate()
    return str(identity), str(identity.to_public())


def everything_below(path: Path) -> list[str]:
    """The names of all files below it, hidden ones too."""
    return sorted(str(one.relative_to(path)) for one in path.rglob("*") if not one.is_dir())
