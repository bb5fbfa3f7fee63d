"""The health door loads the standard library, one driver and little else (ARCHITECTURE section 8)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.house import ROOT
from tests.servers import Server

FORBIDDEN = {"flask", "flask_sqlalchemy", "flask_migrate", "sqlalchemy", "alembic", "click", "rich"}
OURS = {"core", "database", "features", "cli"}
DRIVERS = {"sqlite": set(), "postgresql": {"psycopg2"}, "mysql": {"pymysql"}, "mariadb": {"pymysql"}}
# What PyMySQL needs to hide a password; what the standard library's copy looks for and does not find.
INDIRECT = {"cryptography", "cffi", "_cffi_backend", "bcrypt", "org"}
LINE = re.compile(r"import time: +\d+ \| +\d+ \| +([\w.]+)")


def imported(cwd: Path, *arguments: str, **settings: str) -> set[str]:
    """Every module that a run of Python with these arguments loads, as the interpreter itself tells."""
    run = subprocess.run(
        [sys.executable, "-X", "importtime", *arguments],
        cwd=cwd, env=settings, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return set(LINE.findall(run.stderr))


@pytest.mark.parametrize("option", ["--json", "--verbose", "--help", "--wrong"])
def test_a_check_loads_no_library_but_the_driver(
    option: str, server: Server, database_url: str, tmp_path: Path
) -> None:
    door = str(ROOT / "db_health_check.py")
    names = imported(tmp_path, door, option, DATABASE_URL=database_url)
    assert "cli.health" in names
    packages = {name.split(".")[0] for name in names - imported(tmp_path, "-c", "pass")}
    assert not packages & FORBIDDEN
    libraries = packages - OURS - sys.stdlib_module_names
    assert libraries <= DRIVERS[server.dialect] | INDIRECT


def test_only_the_adapter_in_use_is_loaded(server: Server, database_url: str, tmp_path: Path) -> None:
    names = imported(tmp_path, str(ROOT / "db_health_check.py"), "--json", DATABASE_URL=database_url)
    kinds = {"sqlite", "postgresql", "mysql", "mariadb"}
    loaded = {kind for kind in kinds if f"database.adapters.{kind}" in names}
    assert loaded <= ({"mysql", "mariadb"} if server.dialect in ("mysql", "mariadb") else {server.dialect})
