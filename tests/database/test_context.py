"""The binding of an application: its engine, its settings, and `flask db`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import NullPool, QueuePool, StaticPool

from database.adapters.base import Capability
from database.context import application_context, bind, current_settings
from database.manager import init_database
from database.migrator import metadata_differences
from database.revisions import head_revision, known_revisions
from models import db
from tests.database.application import ROOT, settings_for
from tests.database.trees import connected, scalars

SMALL_APP = """
from flask import Flask
from core.settings import load_settings
from database.context import bind, offer_migrations

def create_app():
    app = Flask(__name__)
    bind(app, load_settings())
    offer_migrations(app)
    return app
"""


@pytest.mark.requires(Capability.SESSIONS)
def test_the_pool_is_as_the_settings_say(database_url: str) -> None:
    """SPEC section 3: DB_POOL_SIZE, DB_MAX_OVERFLOW, DB_POOL_TIMEOUT, DB_POOL_RECYCLE, with pre-ping."""
    settings = settings_for(
        database_url, db_pool_size=3, db_max_overflow=1, db_pool_timeout=0.5, db_pool_recycle=77.0
    )
    with application_context(settings):
        pool = db.engine.pool
        assert isinstance(pool, QueuePool)
        assert (pool.size(), pool._max_overflow, pool._timeout) == (3, 1, 1)
        assert (pool._recycle, pool._pre_ping) == (77, True)


def test_a_file_has_no_pool_and_memory_one_connection(sqlite_url: str) -> None:
    with application_context(settings_for(sqlite_url)):
        assert isinstance(db.engine.pool, NullPool)
    with application_context(settings_for("sqlite:///:memory:")):
        assert isinstance(db.engine.pool, StaticPool)


def test_ordinary_connections_of_sqlite_keep_foreign_keys(sqlite_url: str) -> None:
    """LIBRARIES, what bites: foreign_keys=ON, WAL and a busy_timeout."""
    with application_context(settings_for(sqlite_url)):
        init_database()
        pragmas = [
            db.session.connection().exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("foreign_keys", "journal_mode", "busy_timeout")
        ]
    assert pragmas[:2] == [1, "wal"]
    assert int(pragmas[2] or 0) >= 1000


def test_work_is_taken_back_together(database_url: str) -> None:
    """Adapters connect in autocommit; the engine must not."""
    with application_context(settings_for(database_url)), db.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE kept (id INTEGER)")
        connection.commit()
        connection.exec_driver_sql("INSERT INTO kept VALUES (1)")
        connection.rollback()
    assert scalars(database_url, "SELECT count(*) FROM kept") == [0]


def test_the_password_stays_out_of_the_engine(database_url: str) -> None:
    settings = settings_for(database_url)
    with application_context(settings) as app:
        assert db.engine.url.password is None
        if settings.database.password:
            assert settings.database.password not in f"{app.config} {db.engine!r}"


def test_each_application_has_its_own_settings(database_url: str, sqlite_url: str) -> None:
    one, other = settings_for(database_url), settings_for(sqlite_url)
    app = Flask(__name__)
    bind(app, one)
    with application_context(other):
        assert current_settings() is other
        assert current_settings(app) is one


def test_flask_db_upgrades_as_the_migrator_does(database_url: str, tmp_path: Path) -> None:
    """Flask-Migrate's own commands take the same lock, engine and records."""
    (tmp_path / "small.py").write_text(SMALL_APP)
    run_flask(tmp_path, database_url, "upgrade")
    assert scalars(database_url, "SELECT version_num FROM alembic_version") == [head_revision()]
    assert set(scalars(database_url, "SELECT applied_by FROM migration_history")) == {"flask db"}
    assert "No new upgrade operations" in run_flask(tmp_path, database_url, "check")
    with connected(database_url) as connection:
        assert metadata_differences(connection) == ()
    run_flask(tmp_path, database_url, "downgrade")
    before_head = [revision.id for revision in known_revisions()][-2]
    assert scalars(database_url, "SELECT version_num FROM alembic_version") == [before_head]


def test_flask_db_writes_the_sql_without_a_database(tmp_path: Path) -> None:
    (tmp_path / "small.py").write_text(SMALL_APP)
    sql = run_flask(tmp_path, "postgresql://ann:pw@127.0.0.1:1/shop", "upgrade", "--sql")
    assert "CREATE TABLE migration_history" in sql


def run_flask(folder: Path, url: str, *words: str) -> str:
    variables = os.environ | {
        "DATABASE_URL": url,
        "FLASK_ENV": "testing",
        "PYTHONPATH": f"{ROOT}{os.pathsep}{folder}",
    }
    argv = [sys.executable, "-m", "flask", "--app", "small:create_app", "db", *words]
    done = subprocess.run(argv, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
