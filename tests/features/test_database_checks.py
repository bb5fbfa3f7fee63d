"""The chore that looks at registered databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core.clock import utc_now
from core.progress import Operation
from core.settings import Settings
from database.context import application_context
from database.migrator import migrate
from features.database_checks import check_databases
from features.databases import add_database, read_database
from models import RegisteredDatabase, db
from tests.features.conftest import Configure
from tests.features.registering import described, with_places


@pytest.fixture
def settings(configure: Configure, database_url: str, tmp_path: Path) -> Settings:
    """A console on each kind of server with eight registered files."""
    (tmp_path / "files").mkdir()
    settings = configure(database_url)
    migrate(settings.database, applied_by="test")
    settings = with_places(settings, f"sqlite:///{tmp_path}/files/x.db")
    with application_context(settings):
        for number in range(8):
            (tmp_path / f"files/{number}.db").touch()
            fields, _ = described(f"sqlite:///{tmp_path}/files/{number}.db", f"file{number}")
            add_database(Operation(), fields, created_by="mvogt")
    return settings


def let_a_minute_pass() -> None:
    set_all(checked_at=utc_now() - timedelta(seconds=60), version="")


def set_all(**values: object) -> None:
    db.session.execute(update(RegisteredDatabase).values(**values))
    db.session.commit()


def test_each_is_looked_at_once_a_minute_however_many_workers_come(settings: Settings) -> None:
    def worker(_: int) -> int:
        with application_context(settings):
            return check_databases(settings)

    with application_context(settings):
        assert check_databases(settings) == 0
        let_a_minute_pass()
    with ThreadPoolExecutor(4) as workers:
        assert sum(workers.map(worker, range(4))) == 8
    with application_context(settings):
        assert all(one.startswith("SQLite") for one in db.session.scalars(select(RegisteredDatabase.version)))


def test_what_is_gone_and_what_is_no_longer_allowed_is_told(settings: Settings, tmp_path: Path) -> None:
    with application_context(settings):
        let_a_minute_pass()
        (tmp_path / "files/0.db").unlink()
        outside = tmp_path / "outside.db"
        outside.touch()
        (tmp_path / "files/1.db").unlink()
        (tmp_path / "files/1.db").symlink_to(outside)
        check_databases(settings)
        assert (read_database("file0").state, read_database("file0").size) == ("database_missing", 0)
        assert (read_database("file1").state, read_database("file2").state) == ("unreachable", "reachable")
        assert "may not open" in read_database("file1").message
        assert not (tmp_path / "files/0.db").exists()  # looking makes no file


def test_what_was_changed_meanwhile_stays(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer of a look that a person's own try has overtaken is dropped."""
    from features import database_checks

    look = database_checks._look

    def overtaken(claim: database_checks._Claim) -> object:
        answer = look(claim)
        with application_context(settings):
            set_all(checked_at=utc_now(), state="timeout")
        return answer

    monkeypatch.setattr(database_checks, "_look", overtaken)
    with application_context(settings):
        let_a_minute_pass()
        check_databases(settings)
        assert {read_database(f"file{number}").state for number in range(8)} == {"timeout"}
