"""Programs of ours, each in a process of its own that has loaded them already: loading takes most of the time
of a short command, and a suite runs hundreds. Tests of loading itself start the interpreter anew."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

_LIMIT = 120.0  # seconds until a program hangs

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["tests.loaded"])


@dataclass(frozen=True)
class Ended:
    """What a program left: its exit code, and what it printed."""

    code: int
    out: str
    err: str


def run_forked(
    work: Callable[..., object], *arguments: str, cwd: Path, environment: Mapping[str, str]
) -> Ended:
    """Run `work(*arguments)` in the folder `cwd` with nothing but `environment` set, and no terminal; `work`
    is a function of a module. Fails when it takes over 2 minutes."""
    with TemporaryDirectory() as folder:
        out, err = Path(folder, "out"), Path(folder, "err")
        process = _forks.Process(target=_run, args=(work, arguments, cwd, dict(environment), out, err))
        process.start()
        process.join(_LIMIT)
        if process.is_alive():
            process.kill()
            process.join()
            raise AssertionError(f"{arguments} did not end.\n{err.read_text()}")
        code = process.exitcode
        assert code is not None
        return Ended(code, out.read_text(), err.read_text())


def _run(
    work: Callable[..., object],
    arguments: tuple[str, ...],
    cwd: Path,
    environment: dict[str, str],
    out: Path,
    err: Path,
) -> None:
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in ((1, out), (2, err)):
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace", buffering=1, closefd=False)  # noqa: SIM115
    try:
        work(*arguments)
    finally:
        atexit._run_exitfuncs()  # which forks leave out
