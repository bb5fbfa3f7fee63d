"""The real doors, run as a user runs them: a process, its exit code and what it printed."""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from tests.forking import run_forked

ROOT = Path(__file__).parents[2]
_FORKED = ("manage_db.py", "migrate.py")


@dataclass(frozen=True)
class Ran:
    """One finished run of a tool."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one line of error: the last on standard error. Fails when there is a traceback."""
        assert "Traceback" not in self.err, self.err
        lines = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        assert len(lines) == 1, self.err
        return lines[0]


def run_tool(door: str, *arguments: str, cwd: Path, **settings: str) -> Ran:
    """Run `python DOOR ARGUMENTS` in the folder `cwd` with nothing but `settings` set, and no terminal."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(cwd), **settings}
    if door in _FORKED and not any(name.startswith("PYTHON") for name in settings):
        ended = run_forked(_enter, str(ROOT / door), *arguments, cwd=cwd, environment=environment)
        return Ran(ended.code, ended.out, ended.err)
    run = subprocess.run(
        [sys.executable, str(ROOT / door), *arguments],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return Ran(run.returncode, run.stdout, run.stderr)


def _enter(path: str, *arguments: str) -> None:
    sys.argv = [path, *arguments]
    runpy.run_path(path, run_name="__main__")
