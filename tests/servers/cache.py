"""Where downloaded servers and ready-made data directories are kept between runs: outside the tree."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_MEMORY, _ENOUGH = Path("/dev/shm"), 6 * 2**30
_runs: Path | None = None


class Unavailable(Exception):
    """A server that cannot be had on this machine; the text says why."""


def cache_folder() -> Path:
    """The cache, made when missing. For root it is one that the unprivileged servers can read too."""
    chosen = os.environ.get("BASEKEEPER_TEST_CACHE")
    folder = Path(chosen).absolute() if chosen else _usual_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A stranger's folder under the expected name would hand us a stranger's programs.
        if folder.stat().st_uid != os.geteuid():
            raise Unavailable(f"the cache {folder} belongs to another user")
        folder.chmod(0o755)
    except OSError as error:
        raise Unavailable(f"the cache {folder} cannot be used: {error.strerror}") from error
    return folder


def build_once(name: str, build: Callable[[Path], None]) -> Path:
    """The cached folder `name`; the first time `build` fills a neighbour of it that is renamed when whole."""
    final = cache_folder() / name
    if final.exists():
        return final
    with _locked(name):
        if not final.exists():
            with _scratch(name) as scratch:
                build(scratch)
                final.parent.mkdir(parents=True, exist_ok=True)
                scratch.rename(final)
    return final


def prefer_memory() -> None:
    """Let the servers of this process keep their data in memory where there is enough: making and dropping
    tables, which tests do more than anything else, then takes a third of the time on MariaDB."""
    global _runs
    with suppress(OSError):
        if shutil.disk_usage(_MEMORY).free >= _ENOUGH:
            _runs = _MEMORY


def run_folder(dialect: str) -> Path:
    """A new private folder for one running server."""
    runs = _runs or cache_folder() / "run"
    runs.mkdir(exist_ok=True)
    return Path(tempfile.mkdtemp(prefix=f"basekeeper-tests-{dialect}-", dir=runs))


def _usual_folder() -> Path:
    # PostgreSQL refuses to run as root, so there its files must lie where `nobody` may read them.
    if os.geteuid() == 0:
        return Path(f"/var/tmp/basekeeper-tests-{os.geteuid()}")
    return Path.home() / ".cache" / "basekeeper-tests"


@contextmanager
def _locked(name: str) -> Iterator[None]:
    locks = cache_folder() / "locks"
    locks.mkdir(exist_ok=True)
    with (locks / name.replace("/", "-")).open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def _scratch(name: str) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=f"new-{name.replace('/', '-')}-", dir=cache_folder()))
    folder.chmod(0o755)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
