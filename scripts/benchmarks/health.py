"""The health check against a bare script that connects with the same driver and selects 1."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from scripts.benchmarks.comparison import Comparison
from scripts.benchmarks.databases import initialized
from tests.servers.server import sqlite_path

BARE_SQLITE = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute('SELECT 1').fetchone())"
BARE_POSTGRESQL = """
import psycopg2, sys
cursor = psycopg2.connect(sys.argv[1]).cursor()
cursor.execute('SELECT 1')
print(cursor.fetchone())
"""


def comparisons() -> Iterator[Comparison]:
    """On SQLite and on PostgreSQL, both on this machine."""
    with initialized("sqlite") as url:
        yield _against("SQLite", BARE_SQLITE, url, sqlite_path(url), limit=5)
    with initialized("postgresql") as url:
        yield _against("PostgreSQL", BARE_POSTGRESQL, url, url, limit=2.5)


def _against(label: str, script: str, url: str, argument: str, limit: float) -> Comparison:
    return Comparison(
        name=f"health --json / bare {label}",
        baseline=(sys.executable, "-c", script, argument),
        command=(sys.executable, "db_health_check.py", "--json"),
        limit=limit,
        environment={"DATABASE_URL": url},
        accepts=(0, 1),  # a developer's disk may be low
    )
