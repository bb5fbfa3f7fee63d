"""The chore that looks at registered databases."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from core.clock import utc_now
from core.connection import ConnectionParameters
from core.progress import Operation
from core.settings import Settings
from database.context import application_context
from features.database_checks import check_databases
from features.database_probe import Answer, ask_database
from features.databases import add_database, read_database
from models import RegisteredDatabase, db
from tests.database.adapters.hostile import mysql_that_answers, rows_of
from tests.database.adapters.imposters import imposter
from tests.features.conftest import Configure
from tests.features.registering import described, with_places


@pytest.fixture
def settings(configure: Configure, schema_url: str, tmp_path: Path) -> Settings:
    """A console on each kind of server with eight registered files."""
    (tmp_path / "files").mkdir()
    settings = configure(schema_url)
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

    def overtaken(parameters: ConnectionParameters) -> Answer:
        with application_context(settings):
            set_all(checked_at=utc_now(), state="timeout")
        return ask_database(parameters)

    monkeypatch.setattr("features.database_checks.ask_database", overtaken)
    with application_context(settings):
        let_a_minute_pass()
        check_databases(settings)
        assert {read_database(f"file{number}").state for number in range(8)} == {"timeout"}


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_a_look_that_crashes_loses_no_other_answer(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRUST C4. Nor does a look keep a process from its end."""
    waited_for: list[str] = []

    def crash(parameters: ConnectionParameters) -> Answer:
        if not threading.current_thread().daemon:
            waited_for.append(parameters.database)
        if parameters.database.endswith("/3.db"):
            raise KeyError
        return ask_database(parameters)

    monkeypatch.setattr("features.database_checks.ask_database", crash)
    with application_context(settings):
        let_a_minute_pass()
        assert check_databases(settings) == 8
        states = [read_database(f"file{number}").state for number in range(8)]
        versions = [bool(read_database(f"file{number}").version) for number in range(8)]
    assert states == ["unreachable" if number == 3 else "reachable" for number in range(8)]
    assert versions == [number != 3 for number in range(8)]
    assert not waited_for


@pytest.mark.parametrize("server", ["sqlite"], indirect=True)
def test_an_odd_server_loses_no_other_answer(settings: Settings) -> None:
    """TRUST C4."""
    with (
        imposter(mysql_that_answers(version=rows_of(), total=rows_of(b"1"))) as empty,
        imposter(mysql_that_answers(version=rows_of(b"9" * 5000), total=rows_of(b"9" * 27))) as long,
        application_context(settings),
    ):
        for name, one in (("empty", empty), ("long", long)):
            url = f"mysql://u@127.0.0.1:{one.port}/d?sslmode=prefer"
            fields, _ = described(url, name)
            add_database(Operation(), fields, created_by="mvogt", even_unreachable=True)
        let_a_minute_pass()
        assert check_databases(settings) == 10
        seen = {name: read_database(name) for name in ("empty", "long", *(f"file{n}" for n in range(8)))}
    assert seen.pop("empty").state == "unreachable"
    assert (seen["long"].version, seen["long"].size) == ("MySQL 99999", None)
    assert {one.state for one in seen.values()} == {"reachable"}
