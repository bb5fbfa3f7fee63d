"""`manage_db.py init` on an empty PostgreSQL against Flask-Migrate's own command, which verifies nothing."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks.comparison import Comparison
from scripts.benchmarks.databases import server_of

NAME = "bench_setup"


def comparisons() -> Iterator[Comparison]:
    """The same database, empty each time."""
    with server_of("postgresql") as server:
        url = server.create_database(NAME)

        def empty() -> None:
            server.drop_database(url)
            server.create_database(NAME)

        yield Comparison(
            name="init / flask db upgrade, PostgreSQL",
            baseline=(str(Path(sys.executable).with_name("flask")), "--app", "app", "db", "upgrade"),
            command=(sys.executable, "manage_db.py", "init"),
            limit=1.1,
            # Without AUTO_INIT the application leaves the schema to the command that is measured.
            environment={"DATABASE_URL": url, "AUTO_INIT": "false", "FLASK_ENV": "development"},
            prepare=empty,
        )
        server.drop_database(url)
