"""Settings for a test's database, and the processes of an application that share one."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.settings import Settings, load_settings

ROOT = Path(__file__).parents[2]
_WORKER = """
import logging, sys
from dataclasses import replace
from core.connection import parse_url
from core.settings import load_settings
from database import init_database
from database.context import application_context

logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
settings = load_settings()
print("ready", flush=True)
for line in sys.stdin:
    one = parse_url(line.strip())
    with application_context(replace(settings, database=one, migration_database=one)):
        report = init_database()
    print("created" if report.created else "found", report.revision, flush=True)
"""


def settings_for(url: str, **changes: Any) -> Settings:
    """The settings of a program whose DATABASE_URL is `url`; waiting is short."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DATABASE_URL", url)
        patch.setenv("FLASK_ENV", "testing")
        settings = load_settings()
    return replace(settings, **{"db_max_retries": 0, "db_retry_delay": 0.1, **changes})


class Workers:
    """So many processes that call `init_database` at the same moment."""

    def __init__(self, count: int, **environment: str) -> None:
        variables = {**os.environ, "FLASK_ENV": "testing", **environment}
        self._processes = [_start(variables) for _ in range(count)]
        assert {process.stdout.readline() for process in self._processes if process.stdout} == {"ready\n"}

    def initialise(self, url: str) -> list[str]:
        """What each of them says about the database at `url`."""
        for process in self._processes:
            assert process.stdin
            process.stdin.write(f"{url}\n")
            process.stdin.flush()
        return [process.stdout.readline().strip() for process in self._processes if process.stdout]

    def close(self) -> list[str]:
        """End them; the lines they logged above INFO, tracebacks included."""
        logs = [process.communicate(timeout=60)[1] for process in self._processes]
        return [line for log in logs for line in log.splitlines() if not line.startswith("INFO ")]


def _start(variables: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WORKER],
        cwd=ROOT,
        env=variables,
        text=True,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
