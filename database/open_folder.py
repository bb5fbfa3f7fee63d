"""Files below one folder, reached from its open handle: no link is followed, nothing but a plain file of its
own is opened, and what we make is for its owner alone (TRUST X5)."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.errors import BackupError, InvalidInput, NotFound
from core.text import size, visible

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LONGEST = 255  # bytes of a name, on every file system there is


@contextmanager
def opened_folder(path: Path) -> Iterator[int]:
    """The handle of the folder, which is made when it is not there. Raises BackupError."""
    with explained(path):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # another's folder, or a file system without modes
            if stat.S_IMODE(os.fstat(handle).st_mode) & 0o077:
                os.fchmod(handle, 0o700)
        yield handle
    finally:
        os.close(handle)


@contextmanager
def opened_below(folder: int, name: str, path: Path) -> Iterator[int]:
    """The handle of the folder `name` in `folder`, which is made when it is not there."""
    with explained(path):
        with suppress(FileExistsError):
            os.mkdir(name, 0o700, dir_fd=folder)
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        handle = os.open(name, flags, dir_fd=folder)
    try:
        yield handle
    finally:
        os.close(handle)


def create_file(folder: int, name: str) -> int:
    """The handle of a new file, to be written. Raises OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(name, flags, 0o600, dir_fd=folder)


def open_file(folder: int, name: str) -> int:
    """The handle of a file, to be read. Raises NotFound; BackupError for a link, for what is no plain file,
    and for a file that has another name besides."""
    check_name(name)
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a fifo would hold us for ever
    try:
        handle = os.open(name, flags, dir_fd=folder)
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {visible(name)} in the folder of the backups.") from error
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO):
            raise _no_file(name) from error
        raise BackupError(f"The file {visible(name)} cannot be opened: {error.strerror}") from error
    if not is_plain(os.fstat(handle)):
        os.close(handle)
        raise _no_file(name)
    return handle


def names_in(folder: int) -> tuple[str, ...]:
    """The names of all that lies in the folder, in order. Raises OSError."""
    with os.scandir(folder) as found:
        return tuple(sorted(entry.name for entry in found))


def is_plain(found: os.stat_result) -> bool:
    """True for a plain file that has one name."""
    return stat.S_ISREG(found.st_mode) and found.st_nlink == 1


def check_name(name: str) -> None:
    """Raises InvalidInput unless `name` is that of a file in the folder itself, and not a hidden one."""
    is_one = name and not name.startswith(".") and "/" not in name and "\0" not in name
    if not is_one or len(os.fsencode(name)) > _LONGEST:
        raise InvalidInput(f'"{visible(name[:80])}" is not the name of a file in the folder of the backups.')


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """Raise what the system says of the folder `path` as one of our errors: why, and the mend."""
    try:
        yield
    except OSError as error:
        raise _explanation(path, error) from error


def free_space(path: Path) -> int:
    """Bytes that we may still write where `path` lies. Raises OSError."""
    found = os.statvfs(path)
    return found.f_bavail * found.f_frsize


def _no_file(name: str) -> BackupError:
    return BackupError(
        f"{visible(name)} is not a plain file of its own.",
        hint="Put the file itself into the folder: links are not followed.",
    )


def _explanation(path: Path, error: OSError) -> BackupError:
    where = visible(str(path))
    if error.errno in _FULL:
        return BackupError(
            f"{where} is full: {_free(path)}. Nothing was kept.",
            hint="Free space there, or set BACKUP_DIR to a folder on another disk.",
        )
    if error.errno in (errno.ELOOP, errno.ENOTDIR):
        return BackupError(f"{where} is not a folder.", hint="Set BACKUP_DIR to a folder itself, not a link.")
    return BackupError(
        f"{where} cannot be written: {error.strerror}. Nothing was kept.",
        hint="Give the account that runs this write access to it, or set BACKUP_DIR to another folder.",
    )


def _free(path: Path) -> str:
    with suppress(OSError):
        return f"{size(free_space(path))} free"
    return "nothing more can be written"
