"""`scripts/db_seed.sh`, typed as the manual shows it."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.journeys import tools

SCRIPT = Path(__file__).parents[2] / "scripts" / "db_seed.sh"
Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def db_seed(sqlite_schema_url: str, tmp_path: Path) -> Callable[..., Ran]:
    """The script on a database with the schema in place, with no terminal to ask at."""

    def run(*typed: str, **settings: str) -> Ran:
        environment = {**os.environ, "DATABASE_URL": sqlite_schema_url, **settings}
        return subprocess.run(
            [SCRIPT, *typed],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    return run


def rows_of(told: str) -> dict[str, int]:
    """The rows of each type, of a printed statistics."""
    found = re.findall(r"^([a-z-]+) +\w+ +([\d,]+) +[\d,]+ ", told, re.M)
    return {type: int(count.replace(",", "")) for type, count in found}


def test_seed_repeat_clean_and_reset(db_seed: Callable[..., Ran]) -> None:
    first = db_seed("--stats", DEFAULT_SEED_COUNT="4")
    assert first.returncode == 0, first.stderr
    assert set(rows_of(first.stdout).values()) == {0, 4}  # no sign-ins
    assert "Every constraint and relation holds." in first.stdout

    again = db_seed("users", "6", "--upsert", "--stats")
    assert rows_of(again.stdout)["users"] == 6, again.stderr

    foretold = db_seed("users", "--clean", "--dry-run")
    assert "Nothing was written" in foretold.stdout and "add" not in foretold.stdout, foretold.stderr
    assert re.search(r"^user +6$", foretold.stdout, re.M)
    asked = db_seed("users", "--clean")
    assert asked.returncode == 1 and "6 rows of user)" in asked.stderr, asked.stderr

    cleaned = db_seed("--clean-force", "users", "--stats")
    assert cleaned.returncode == 0 and set(rows_of(cleaned.stdout).values()) == {0}
    assert "added" not in cleaned.stdout

    reset = db_seed("--reset-force")
    assert reset.returncode == 0 and "/first-admin/" in reset.stdout and "added" not in reset.stdout


def test_what_is_refused(sqlite_schema_url: str, tmp_path: Path) -> None:
    """The script gives what was typed to `manage_db.py seed` as it is."""

    def seed(*typed: str, **settings: str) -> tools.Ran:
        return tools.run_tool(
            "manage_db.py", "seed", *typed, cwd=tmp_path, DATABASE_URL=sqlite_schema_url, **settings
        )

    for typed, words in (
        (("cats", "--clean"), "Types: all, users, ssh"),
        (("users", "10001"), "--force"),
        (("users", "-5"), '"-5" is not a whole number'),
        (("--tables", "user"), "--tables goes with --database"),
        (("--clean", "--undo", "x"), "--undo and --clean do not go together"),
        (("users", "5", "--stats-only"), "--stats-only and TYPE do not go together"),
    ):
        refused = seed(*typed)
        assert refused.code == 2 and words in refused.err, refused.err
    guarded = seed("users", "1", FLASK_ENV="production", SECRET_KEY="x" * 40)
    assert guarded.code == 1 and "--confirm-name" in guarded.err
    dry = seed("all", "20000", "--force", "--dry-run", "--stats")
    assert dry.code == 0 and "100,000 rows, about" in dry.out
    assert set(rows_of(dry.out.partition("Table")[2]).values()) == {0}
