"""`init_database`: waiting, making, adopting, refusing, and eight workers at once."""

from __future__ import annotations

import logging
import re
import shutil
import stat
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import (
    ConnectionFailed,
    DatabaseMissing,
    NoDatabase,
    SchemaFault,
    SchemaTooNew,
    ServerError,
    SignInRefused,
)
from core.settings import Settings
from core.text import plural
from database import db_manager, init_database
from database.adapters.base import Capability
from database.context import application_context
from database.manager import InitReport, wait_for_database
from database.revisions import head_revision, known_revisions
from models import User, db
from tests.database.application import ROOT, Workers, settings_for
from tests.database.trees import scalars, tables
from tests.rounds import ROUNDS
from tests.servers import PrivateServer, Server


def initialise(settings: Settings) -> InitReport:
    with application_context(settings) as app:
        return init_database(app)


def test_a_missing_schema_is_made_once(database_url: str) -> None:
    settings = settings_for(database_url)
    assert initialise(settings) == InitReport(True, False, head_revision(), ())
    assert initialise(settings) == InitReport(False, False, head_revision(), ())
    assert tables(database_url) == set(db.metadata.tables)
    assert set(scalars(database_url, "SELECT applied_by FROM migration_history")) == {"start"}


def test_nothing_is_made_without_auto_init(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    report = initialise(settings_for(database_url, auto_init=False, auto_migrate=True))
    assert (report.created, report.revision) == (False, "")
    assert [revision.id for revision in report.pending][-1] == head_revision()
    assert f"{plural(len(known_revisions()), 'migration')} to apply" in caplog.text
    assert tables(database_url) == set()


def test_a_matching_schema_without_a_stamp_is_adopted(server: Server, schema_url: str) -> None:
    server.execute(schema_url, "DROP TABLE alembic_version")
    assert initialise(settings_for(schema_url)) == InitReport(False, True, head_revision(), ())
    assert scalars(schema_url, "SELECT version_num FROM alembic_version") == [head_revision()]


def test_a_schema_that_differs_is_refused_and_left_alone(server: Server, database_url: str) -> None:
    server.execute(database_url, "CREATE TABLE command (id INTEGER PRIMARY KEY)")
    with pytest.raises(SchemaFault) as caught:
        initialise(settings_for(database_url))
    assert "command" in caught.value.message
    assert caught.value.hint
    assert tables(database_url) == {"command"}
    assert caught.value.message.count("\n") == 0


def test_tables_of_others_are_left_alone(server: Server, database_url: str) -> None:
    server.execute(database_url, "CREATE TABLE of_another (id INTEGER)", "INSERT INTO of_another VALUES (7)")
    assert initialise(settings_for(database_url)).created
    assert scalars(database_url, "SELECT id FROM of_another") == [7]


def test_a_newer_schema_is_refused(server: Server, database_url: str) -> None:
    initialise(settings_for(database_url))
    server.execute(database_url, "UPDATE alembic_version SET version_num = 'ffff00000000'")
    with pytest.raises(SchemaTooNew, match="ffff00000000"):
        initialise(settings_for(database_url, auto_migrate=True))
    assert scalars(database_url, "SELECT version_num FROM alembic_version") == ["ffff00000000"]


@pytest.mark.parametrize("auto_migrate", ["false", "true"])
def test_pending_migrations_wait_unless_auto_migrate(
    database_url: str, tmp_path: Path, auto_migrate: str
) -> None:
    """SPEC section 3, shown on a copy of the program that knows one migration more."""
    initialise(settings_for(database_url))
    for package in ("core", "models", "database", "migrations"):
        shutil.copytree(ROOT / package, tmp_path / package)
    (tmp_path / "migrations" / "versions" / "aaaa_more.py").write_text(
        f"revision = 'aaaa'\ndown_revision = '{head_revision()}'\n\n"
        "def upgrade(): pass\n\ndef downgrade(): pass\n"
    )
    program = (
        "from core.settings import load_settings\nfrom database import init_database\n"
        "from database.context import application_context\n"
        "with application_context(load_settings()):\n    report = init_database()\n"
        "names = [one.name for one in (*report.pending, *report.applied)]\n"
        "print(report.revision, *names, len(report.applied))"
    )
    variables = {"DATABASE_URL": database_url, "AUTO_MIGRATE": auto_migrate, "FLASK_ENV": "testing"}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=variables, capture_output=True, text=True
    )
    expected = ["aaaa", "aaaa_more", "1"] if auto_migrate == "true" else [head_revision(), "aaaa_more", "0"]
    assert done.stdout.split() == expected, done.stderr
    assert ("1 migration to apply" in done.stderr) == (auto_migrate == "false")
    said = re.search(
        r"AUTO_MIGRATE applies 1 pending migration by plan \w{8}; no backup is taken", done.stderr
    )
    assert bool(said) == (auto_migrate == "true")


def test_the_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "instance" / "own.db"
    assert initialise(settings_for(f"sqlite:///{file}")).created
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert scalars(f"sqlite:///{file}", "PRAGMA journal_mode") == ["wal"]


def test_no_file_is_made_without_auto_init(tmp_path: Path) -> None:
    file = tmp_path / "instance" / "own.db"
    with pytest.raises(DatabaseMissing):
        initialise(settings_for(f"sqlite:///{file}", auto_init=False))
    assert not file.parent.exists()


def test_a_folder_that_cannot_be_made_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(ServerError) as caught:
        initialise(settings_for(f"sqlite:///{tmp_path / 'taken' / 'own.db'}"))
    assert "\n" not in str(caught.value)


def test_a_database_in_memory_serves_tests() -> None:
    with application_context(settings_for("sqlite:///:memory:")):
        assert init_database().created
        assert not init_database().created
        assert db.session.query(User).count() == 0


def test_two_applications_in_one_process_do_not_mix(database_url: str, sqlite_url: str) -> None:
    one, other = settings_for(database_url), settings_for(sqlite_url)
    initialise(one)
    initialise(other)
    with application_context(one):
        db.session.add(User(username="ann", email="ann@example.org", name="Ann"))
        db.session.commit()
        with application_context(other):
            assert db_manager.session.query(User).count() == 0
        assert db_manager.session.query(User).count() == 1


def test_the_handle_answers_for_the_pushed_application(server: Server, database_url: str) -> None:
    settings = settings_for(database_url)
    with application_context(settings):
        assert [revision.id for revision in db_manager.status().pending][-1] == head_revision()
        init_database()
        status = db_manager.status()
        assert db_manager.settings is settings
        assert (status.name, status.revision, status.pending) == (settings.database.name, head_revision(), ())
        assert db_manager.check_connection().text.startswith(server.version.split("-")[0])
        assert db_manager.engine is db.engine


@pytest.mark.requires(Capability.SESSIONS)
@pytest.mark.parametrize("fault", [{"password": "wrong"}, {"database": "no_such_database"}])
def test_what_waiting_does_not_mend_fails_at_once(database_url: str, fault: dict[str, Any]) -> None:
    settings = settings_for(database_url, db_max_retries=5, db_retry_delay=60.0)
    began = time.monotonic()
    with pytest.raises(SignInRefused if "password" in fault else DatabaseMissing):
        wait_for_database(replace(settings, database=replace(settings.database, **fault)))
    assert time.monotonic() - began < 10


def test_a_file_that_is_no_database_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "letters.db").write_bytes(b"not a database, " * 100)
    for path in (tmp_path / "letters.db", tmp_path):
        settings = settings_for(f"sqlite:///{path}", db_max_retries=5, db_retry_delay=60.0)
        with pytest.raises(NoDatabase, match=path.name):
            wait_for_database(settings)


def test_each_try_is_logged_and_the_last_one_raises(caplog: pytest.LogCaptureFixture) -> None:
    settings = settings_for("postgresql://ann:pw@127.0.0.1:1/shop", db_max_retries=2)
    with caplog.at_level(logging.WARNING), pytest.raises(ConnectionFailed):
        wait_for_database(settings)
    assert len(caplog.records) == 2
    assert "pw" not in caplog.text.replace("127.0.0.1", "")


def test_a_server_that_comes_up_later_is_waited_for(
    private_server: PrivateServer, caplog: pytest.LogCaptureFixture
) -> None:
    settings = settings_for(private_server.server.create_database(), db_max_retries=100, db_retry_delay=0.2)
    private_server.stop()
    later = threading.Timer(1.0, private_server.start)
    later.start()
    try:
        assert initialise(settings).created
    finally:
        later.join()
    assert "Next try in 0.2 s" in caplog.text


@pytest.mark.every_server
def test_eight_workers_make_one_schema(server: Server) -> None:
    """TRUST F11 and (f): one creates, seven find it, and no log holds a warning."""
    workers = Workers(8)
    urls = [server.create_database() for _ in range(ROUNDS)]
    try:
        answers = [sorted(workers.initialise(url)) for url in urls]
    finally:
        logged = workers.close()
    assert answers == [[f"created {head_revision()}"] + [f"found {head_revision()}"] * 7] * ROUNDS, logged
    assert logged == []
    for url in urls:
        assert len(scalars(url, "SELECT id FROM migration_history")) == len(known_revisions())
        server.drop_database(url)


def test_eight_workers_make_one_file(tmp_path: Path) -> None:
    """The same where not even the file is there."""
    workers = Workers(8)
    answers = [
        sorted(workers.initialise(f"sqlite:///{tmp_path}/{round_}/own.db")) for round_ in range(ROUNDS)
    ]
    logged = workers.close()
    assert answers == [[f"created {head_revision()}"] + [f"found {head_revision()}"] * 7] * ROUNDS, logged
    assert logged == []
