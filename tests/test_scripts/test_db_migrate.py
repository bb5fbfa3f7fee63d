"""`scripts/db_migrate.sh` and `scripts/migrate.sh`, typed as the manual shows them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from database.revisions import head_revision, known_revisions

ROOT = Path(__file__).parents[2]
Ran = subprocess.CompletedProcess[str]


@pytest.fixture
def db_migrate(sqlite_schema_url: str, tmp_path: Path) -> Callable[..., Ran]:
    """The script on a database at the newest revision, with no terminal to ask at."""

    def run(*typed: str, script: str = "db_migrate.sh", **settings: str) -> Ran:
        backups = str(tmp_path / "backups")
        environment = {**os.environ, "DATABASE_URL": sqlite_schema_url, "BACKUP_DIR": backups, **settings}
        return subprocess.run(
            [ROOT / "scripts" / script, *typed],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
        )

    return run


def test_down_and_up_again_with_every_option(
    db_migrate: Callable[..., Ran], tmp_path: Path, sqlite_schema_url: str
) -> None:
    before, newest = (one.id for one in known_revisions()[-2:])
    assert db_migrate().stdout == "Nothing is pending.\n"
    dry = db_migrate("--dry-run", "-1")
    assert dry.returncode == 0, dry.stderr
    assert f"from {newest} to {before}." in dry.stdout and "DROP " in dry.stdout
    refused = db_migrate("-1")
    assert (refused.returncode, "Add --force" in refused.stderr) == (1, True)
    undone = db_migrate("--skip-backup", "-1", "--force")
    assert undone.returncode == 0, undone.stderr
    assert not (tmp_path / "backups").exists()
    env_file = tmp_path / ".env.staging"
    env_file.write_text(f"DATABASE_URL={sqlite_schema_url}\nSECRET_KEY={'k' * 40}\n")
    dry = db_migrate("--env-file", str(env_file), "--dry-run", "head")
    assert f"from {before} to {newest}." in dry.stdout, dry.stderr
    assert "A backup is taken first" in dry.stdout
    done = db_migrate("--strict")
    assert done.returncode == 0, done.stderr
    assert f"is at {head_revision()}." in done.stdout
    assert len(list((tmp_path / "backups").glob("*.manifest.json"))) <= 1
    assert any((tmp_path / "backups").iterdir())
    history = db_migrate("--history").stdout
    assert [line.split()[3] for line in history.splitlines()[1:]] == [one.id for one in known_revisions()]
    assert "answers: SQLite" in db_migrate("--check-only").stdout


def test_wrong_usage_is_2_and_changes_nothing(db_migrate: Callable[..., Ran]) -> None:
    for typed, words in (
        (("nope",), "There is no revision 'nope'"),
        (("--history", "--check-only"), "do not go together"),
        (("--dry-run", "+1"), "Nothing is pending beyond"),
        (("--generate",), "Missing argument"),
    ):
        refused = db_migrate(*typed)
        assert refused.returncode == 2, typed
        assert words in refused.stderr, typed
    same = db_migrate("--generate", "Nothing new")
    assert (same.returncode, same.stdout) == (0, "The models and the database are the same.\n"), same.stderr
    missing = db_migrate("nowhere", script="migrate.sh")
    assert missing.returncode == 2
    assert ".env.nowhere" in missing.stderr
    assert db_migrate(script="migrate.sh").returncode == 2
