"""Archives of pg_dump: what their first bytes say, what is in them, and the bytes fed to pg_restore."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.errors import BackupDamaged, BackupIncompatible, ToolFailed
from core.progress import Operation
from database.adapters.backup import Means, Opening, Source
from database.adapters.postgresql.backup_tools import Client, reading_client
from database.pipes import read_by
from database.secret_files import secret_file

_MAGIC = b"PGDMP"
_PART = 1024 * 1024
_HEAD = 4096
# The first major version of pg_restore that reads a format, by the second number of its version.
_READERS = ((16, 17), (15, 16), (14, 12))
_NEWEST = 16
_ENTRY = re.compile(rb"\d+; \d+ \d+ (.+)")


@dataclass(frozen=True)
class Head:
    """What an archive says of itself: the oldest pg_restore that reads it, and the versions of the server and
    of pg_dump, "" where it does not tell."""

    reads: int
    server: str
    tool: str

    @property
    def server_major(self) -> int:
        """0 where it is not told."""
        return int((re.match(r"\d+", self.server) or "0")[0])


def read_head(opening: Opening) -> Head:
    """The head of an archive. Raises BackupDamaged for what is none, BackupIncompatible for a format of the
    future, and what opening it raises."""
    with opening() as stream:
        head = _read(stream, _HEAD)
    if not head.startswith(_MAGIC) or len(head) < 11:
        raise BackupDamaged("This is no archive of pg_dump.", hint="Only its custom format (-Fc) is taken.")
    major, minor, file_format = head[5], head[6], head[10]
    if file_format != 1:
        raise BackupIncompatible("This archive is not in pg_dump's custom format.", hint="Make it with -Fc.")
    if major != 1 or minor > _NEWEST:
        raise BackupIncompatible(
            f"This archive has the format {major}.{minor}, which no pg_restore known here reads.",
            hint="Install a newer release of Basekeeper.",
        )
    reads = next((version for number, version in _READERS if minor >= number), 0)
    return Head(reads, *_versions(head, minor))


def _versions(head: bytes, minor: int) -> tuple[str, str]:
    """The two texts after the name of the database. They are only shown, or lead to a refusal."""
    size = 1 + head[8]  # a sign, then the bytes of a whole number
    at = 11 + (1 if minor >= 15 else size) + 7 * size  # past the compression and the time
    texts = []
    for _ in range(3):
        length = int.from_bytes(head[at + 1 : at + size], "little")
        texts.append(head[at + size : at + size + length].decode("ascii", "replace"))
        at += size + length
    return texts[1], texts[2]


def count_entries(op: Operation, client: Client, means: Means, opening: Opening) -> int:
    """How many entries its table of contents has. Raises as `list_entries`."""
    return sum(1 for line in list_entries(op, client, means, opening) if entry_in(line))


def list_entries(op: Operation, client: Client, means: Means, opening: Opening) -> list[bytes]:
    """The lines of its table of contents. Raises ToolFailed, BackupDamaged, BackupIncompatible."""
    with tempfile.TemporaryFile() as answer:

        def read(aside: Operation, stdin: IO[bytes]) -> None:
            run_client(aside, client, ["--list"], means, stdin=stdin, stdout=answer)

        feed(op, opening, read)
        answer.seek(0)
        return answer.read().splitlines()


def entry_in(line: bytes) -> str:
    """What a line of the contents is about: "TABLE public users owner"; "" for a remark."""
    found = _ENTRY.fullmatch(line)
    return found[1].decode(errors="replace") if found else ""


def feed(
    op: Operation,
    opening: Opening,
    read: Callable[[Operation, IO[bytes]], None],
    heard: Callable[[int], None] = lambda count: None,
) -> None:
    """Give the bytes of an archive to what `read` runs, and say of each part how long it is. Raises what
    `read` raises, before anything of its own; one that ends well before the end has read what it needed."""
    with suppress(BrokenPipeError), opening() as stream, read_by(op, read) as out:
        while part := stream.read(_PART):
            _write(out, part)
            heard(len(part))


@contextmanager
def as_file(opening: Opening) -> Iterator[Path]:
    """The archive in a file for us alone: what reads it from several sides at once cannot take a stream."""
    with secret_file("") as path:
        with opening() as stream, path.open("wb") as file:
            while part := stream.read(_PART):
                file.write(part)
        yield path


def run_client(
    op: Operation,
    client: Client,
    arguments: list[str],
    means: Means,
    *,
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
) -> None:
    """pg_restore without a server. Raises BackupDamaged, BackupIncompatible, ToolFailed."""
    try:
        client.run(op, arguments, means=means, stdin=stdin, stdout=stdout)
    except ToolFailed as error:
        raise explained(error) from error


def explained(error: ToolFailed) -> BackupDamaged | BackupIncompatible | ToolFailed:
    """What pg_restore says when the archive is at fault, as one of ours; else the error itself."""
    if re.search(r"unsupported version|not support(ed by this installation| compression)", error.message):
        return BackupIncompatible(error.message, hint=error.hint)
    if re.search(r"could not read|end of file|corrupt|did not find|unexpected\b|magic string", error.message):
        return BackupDamaged(f"The dump cannot be read to its end: {error.message}", hint=error.hint)
    return error


def check_readable(op: Operation, source: Source, means: Means) -> str:
    """Decode all of an archive, as a restore would, and say how many entries it has (TRUST V2): pg_restore
    --list is content with half a file."""
    client = reading_client(op, means, read_head(source.data).reads)
    entries = count_entries(op, client, means, source.data)

    def read(aside: Operation, stdin: IO[bytes]) -> None:
        run_client(aside, client, ["--file=/dev/null"], means, stdin=stdin)

    feed(op, source.data, read, op.advance)
    if source.schema:
        count_entries(op, client, means, source.schema)
    return f"{entries:,} {'entry' if entries == 1 else 'entries'}"


def _read(stream: IO[bytes], count: int) -> bytes:
    """`count` bytes, fewer at the end alone."""
    parts = b""
    while len(parts) < count and (part := stream.read(count - len(parts))):
        parts += part
    return parts


def _write(out: IO[bytes], part: bytes) -> None:
    left = memoryview(part)
    while left:
        left = left[out.write(left) :]
