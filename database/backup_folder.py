"""The folder that backups lie in: a storage on this machine. What other storages will have to offer as well
is what `BackupFolder` offers: parts, published under their names when they are whole, read, and put aside."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from core.clock import utc_now
from core.errors import AlreadyExists, BackupDamaged, BackupError, InvalidInput
from core.failpoints import failpoint
from core.naming import new_id
from core.text import size
from database.open_folder import (
    check_name,
    create_file,
    explained,
    free_space,
    is_plain,
    names_in,
    open_file,
    opened_below,
    opened_folder,
)

_TRASH = ".trash"
_MADE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}")
_PART = re.compile(r"(?P<name>.+)\.(?P<operation>[0-9a-z]{26})\.part")
_LONGEST_TEXT = 64_000_000


@dataclass(frozen=True)
class FolderFile:
    """A file of the folder; `changed_at` is when it was last written, or put into the trash."""

    name: str
    size: int
    changed_at: datetime


class Part:
    """A file that is being written."""

    def __init__(self, handle: int, path: Path) -> None:
        self._handle = handle
        self._path = path

    def write(self, data: bytes) -> int:
        """Write all of `data`. Raises BackupError, for a full disk among others."""
        rest = memoryview(data)
        with explained(self._path):
            while rest:
                rest = rest[os.write(self._handle, rest) :]
        return len(data)


class BackupFolder:
    """The folder at `path`. Nothing is opened until it is needed, and then for that long alone."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def check_writable(self) -> None:
        """Make the folder where it is not there and write into it, before any work is done (TRUST F8).
        Raises BackupError."""
        name = part_name(".try", new_id())  # others try at the same moment, in this process too
        with opened_folder(self.path) as folder, explained(self.path):
            os.close(create_file(folder, name))
            os.unlink(name, dir_fd=folder)

    @contextmanager
    def create_part(self, name: str, operation_id: str) -> Iterator[Part]:
        """A new file that has no name yet but for that of its operation. When the block ends it is on the
        disk; when it fails, gone. Raises AlreadyExists, BackupError."""
        if not _MADE.fullmatch(name):
            raise InvalidInput(f'"{name}" is not a name for a backup.')
        with opened_folder(self.path) as folder:
            part = part_name(name, operation_id)
            with explained(self.path):
                handle = create_file(folder, part)
            try:
                self._check_is_first(folder, name, part)
                yield Part(handle, self.path)
                failpoint("archive.written")
                with explained(self.path):
                    os.fsync(handle)
            except BaseException:
                with suppress(OSError):
                    os.unlink(part, dir_fd=folder)
                raise
            finally:
                os.close(handle)
            failpoint("archive.synced")

    def publish(self, operation_id: str, *names: str) -> None:
        """Give the parts of the operation their names, each in one step, for good. Raises AlreadyExists,
        BackupError."""
        with opened_folder(self.path) as folder, explained(self.path):
            for name in names:
                self._check_is_first(folder, name, part_name(name, operation_id))
                os.rename(part_name(name, operation_id), name, src_dir_fd=folder, dst_dir_fd=folder)
                failpoint("archive.renamed")
            os.fsync(folder)
        failpoint("archive.published")

    @contextmanager
    def parts_of(self, operation_id: str) -> Iterator[None]:
        """What of the operation's parts has no name yet when the block ends is removed."""
        try:
            yield
        finally:
            with suppress(BackupError):  # then it is a chore's, and what went wrong before is said
                self.clear_parts(lambda operation: operation != operation_id)

    def clear_parts(self, is_running: Callable[[str], bool]) -> tuple[str, ...]:
        """Remove the parts of operations that run no more, and give their names."""
        with opened_folder(self.path) as folder, explained(self.path):
            found = [match for name in names_in(folder) if (match := _PART.fullmatch(name))]
            left = tuple(sorted(match.string for match in found if not is_running(match["operation"])))
            for name in left:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)
        return left

    def list(self) -> tuple[FolderFile, ...]:
        """The files in it by name; without parts, hidden files, and what is no plain file of its own."""
        with opened_folder(self.path) as folder, explained(self.path):
            return tuple(file for file in _files(folder) if not _PART.fullmatch(file.name))

    def is_taken(self, stem: str) -> bool:
        """True when a file or a part begins with `stem` and a dot."""
        with opened_folder(self.path) as folder, explained(self.path):
            return any(name.startswith(f"{stem}.") for name in names_in(folder))

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """The file, opened once: whoever reads it, however often, reads the same file. Raises NotFound,
        InvalidInput, BackupError."""
        with opened_folder(self.path) as folder:
            handle = open_file(folder, name)
        with os.fdopen(handle, "rb", buffering=0) as file:
            yield file

    def read_text(self, name: str) -> str:
        """The whole of a small file. Raises NotFound, BackupDamaged."""
        with self.open(name) as file:
            if (length := os.fstat(file.fileno()).st_size) > _LONGEST_TEXT:
                raise BackupDamaged(f"{name} has {size(length)}, which no manifest has.")
            with os.fdopen(os.dup(file.fileno()), "rb") as buffered:
                data = buffered.read()
        try:
            return data.decode()
        except UnicodeDecodeError as error:
            raise BackupDamaged(f"{name} is not text.") from error

    def trash(self, *names: str) -> None:
        """Put the files aside, from where `remove_trash` takes them. One that is gone is left out."""
        now = utc_now().timestamp()  # the system's own is some milliseconds late
        with self._folder_and_trash() as (folder, trash), explained(self.path):
            for name in names:
                check_name(name)
                with suppress(FileNotFoundError):
                    os.rename(name, name, src_dir_fd=folder, dst_dir_fd=trash)
                    os.utime(name, (now, now), dir_fd=trash, follow_symlinks=False)  # when it came here
            os.fsync(trash)
            os.fsync(folder)

    def discard(self, *names: str) -> None:
        """Remove for good what never became a backup. One that is gone is left out."""
        with opened_folder(self.path) as folder, explained(self.path):
            for name in names:
                check_name(name)
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=folder)
            os.fsync(folder)

    def list_trash(self) -> tuple[FolderFile, ...]:
        """What was put aside, by name."""
        with self._folder_and_trash() as (_, trash), explained(self.path):
            return tuple(_files(trash))

    def remove_trash(self, before: datetime) -> tuple[str, ...]:
        """Remove for good what was put aside before that moment, and give the names."""
        names = tuple(file.name for file in self.list_trash() if file.changed_at < before)
        with self._folder_and_trash() as (_, trash), explained(self.path):
            for name in names:
                with suppress(FileNotFoundError):
                    os.unlink(name, dir_fd=trash)
            os.fsync(trash)
        return names

    def free_space(self) -> int:
        """Bytes that may still be written. Raises BackupError."""
        with opened_folder(self.path), explained(self.path):
            return free_space(self.path)

    @contextmanager
    def _folder_and_trash(self) -> Iterator[tuple[int, int]]:
        with (
            opened_folder(self.path) as folder,
            opened_below(folder, _TRASH, self.path / _TRASH) as trash,
        ):
            yield folder, trash

    def _check_is_first(self, folder: int, name: str, part: str) -> None:
        """Two that chose the same name at the same moment see each other here, and neither has it."""
        for other in names_in(folder):
            match = _PART.fullmatch(other)
            if other == name or (match and match["name"] == name and other != part):
                raise AlreadyExists(f"The backup {name} is there already.", hint="Try again.")


def part_name(name: str, operation_id: str) -> str:
    """What a file is called while it is being written."""
    return f"{name}.{operation_id}.part"


def _files(folder: int) -> Iterator[FolderFile]:
    for name in names_in(folder):
        with suppress(FileNotFoundError):
            found = os.stat(name, dir_fd=folder, follow_symlinks=False)
            if is_plain(found) and not name.startswith("."):
                yield FolderFile(name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))
