"""`manage_db.py audit verify` through the real door: 0 for a whole audit, 1 with the fault in one line."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.journeys.tools import run_tool


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM audit WHERE id = 2", "does not follow the one before it: rows between were removed."),
        ("UPDATE audit SET actor = 'nobody' WHERE id = 2", "Row 2 of the audit was changed."),
        ("DELETE FROM audit WHERE id = (SELECT max(id) FROM audit)", "rows between were removed."),
        ("DELETE FROM audit_head", "rows may have been cut off there."),
    ],
)
def test_a_fault_is_one_line_and_exit_code_1(change: str, said: str, tmp_path: Path) -> None:
    """TRUST L2. The verification's own intent stands behind whatever was cut, and shows it."""
    settings = {"DATABASE_URL": f"sqlite:///{tmp_path / 'shop.db'}"}
    run_tool("manage_db.py", "init", cwd=tmp_path, **settings)
    ran = run_tool("manage_db.py", "audit", "verify", cwd=tmp_path, **settings)
    assert (ran.code, ran.out) == (0, "3 rows, none changed or removed.\n")
    with closing(sqlite3.connect(tmp_path / "shop.db", isolation_level=None)) as connection:
        connection.execute(change)
    ran = run_tool("manage_db.py", "audit", "verify", cwd=tmp_path, **settings)
    assert (ran.code, ran.out) == (1, "")
    assert said in ran.error
    assert ran.error.endswith("Keep the database as it is, and compare it with a backup from before.")
