"""The real doors on a terminal, with somebody who types."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

from tests.journeys.tools import ROOT, Ran


def run_on_terminal(door: str, *arguments: str, cwd: Path, typed: str = "", **settings: str) -> Ran:
    """Run `python DOOR ARGUMENTS` on a terminal of its own where `typed` is typed; all it shows is `out`."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, str(ROOT / door), *arguments],
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "HOME": str(cwd), "TERM": "dumb", "COLUMNS": "300", **settings},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    os.write(ours, typed.encode())
    shown = _read(ours)
    os.close(ours)
    return Ran(process.wait(timeout=60), shown, "")


def _read(terminal: int) -> str:
    found = b""
    try:
        while piece := os.read(terminal, 65536):
            found += piece
    except OSError:  # the other end is closed: all was read
        pass
    return found.decode().replace("\r\n", "\n")
