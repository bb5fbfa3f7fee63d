"""How long a tool takes to say what it can do, against an interpreter that does nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from scripts.benchmarks.comparison import Comparison


def comparisons() -> Iterator[Comparison]:
    """`--help` of the tools built on click."""
    for tool in ("manage_db.py", "migrate.py"):
        yield Comparison(
            name=f"{tool} --help / python -c pass",
            baseline=(sys.executable, "-c", "pass"),
            command=(sys.executable, tool, "--help"),
            limit=8,
        )
