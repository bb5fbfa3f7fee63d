"""The programs that a recovery needs besides those of a server: installed, or unpacked from the packages of
the machine's own release into the cache and never installed."""

from __future__ import annotations

import shutil
from pathlib import Path

from tests.servers.cache import build_once
from tests.servers.debs import system_release, unpack_packages
from tests.servers.loader import wrap_clients

_PROGRAMS = ("age", "zstd")


def find() -> tuple[str, ...]:
    """The folders that hold them. Raises Unavailable."""
    found = [shutil.which(program) for program in _PROGRAMS]
    if all(found):
        return tuple({str(Path(path).parent) for path in found if path})
    return (str(fetch() / "clients"),)


def fetch() -> Path:
    """The folder with the unpacked packages. Raises Unavailable."""
    return build_once(f"recovery-{system_release().get('VERSION_CODENAME', 'unknown')}", _unpack)


def _unpack(folder: Path) -> None:
    unpack_packages(folder, _PROGRAMS)
    wrap_clients(folder, folder / "clients", _PROGRAMS)
