"""Which database the settings name: the highest source that names one supplies all of it (SPEC section 3)."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from core.connection import ConnectionParameters, Dialect
from tests.core.conftest import Load

Refusal = Callable[..., str]
ROOT = Path(__file__).parents[2]
POSTGRESQL = Dialect.POSTGRESQL


def test_the_default_is_a_file_in_the_current_folder(load: Load) -> None:
    for profile in ("development", "staging", "production"):
        found = load(FLASK_ENV=profile)
        assert str(found.database) == "sqlite:///instance/basekeeper.db"
        assert found.migration_database == found.database
        assert found.admin_database is None


def test_in_parts(load: Load) -> None:
    found = load(
        DATABASE_HOST="h",
        DATABASE_PORT="7",
        DATABASE_USER="u",
        DATABASE_PASSWORD="p@:/",
        DATABASE_NAME='a"b=c',
    )
    assert found.database == ConnectionParameters(POSTGRESQL, 'a"b=c', "h", 7, "u", "p@:/")
    assert load(DATABASE_NAME="d").database == ConnectionParameters(POSTGRESQL, "d", "localhost", 5432)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"DB_USER": "u"}, ConnectionParameters(POSTGRESQL, "d", "localhost", 5432, "u")),
        ({"DB_TYPE": "mysql"}, ConnectionParameters(Dialect.MYSQL, "d", "localhost", 3306)),
        ({"DB_TYPE": "MariaDB", "DB_PORT": "7"}, ConnectionParameters(Dialect.MARIADB, "d", "localhost", 7)),
        ({"DB_TYPE": "sqlite"}, ConnectionParameters(Dialect.SQLITE, "d.db")),
        ({"DB_TYPE": "sqlite", "DB_NAME": "e.db"}, ConnectionParameters(Dialect.SQLITE, "e.db")),
        ({"DB_TYPE": "sqlite", "DB_NAME": ":memory:"}, ConnectionParameters(Dialect.SQLITE, ":memory:")),
        (
            {"DB_TYPE": "postgresql", "DB_HOST": "::1", "DB_USER": "u", "DB_PASS": "p"},
            ConnectionParameters(POSTGRESQL, "d", "::1", 5432, "u", "p"),
        ),
    ],
)
def test_in_the_other_spelling(load: Load, given: dict[str, str], expected: ConnectionParameters) -> None:
    found = load(None, **({"DB_NAME": "d"} | given))
    assert found.database == expected
    assert found.admin_database is None


def test_in_one_source_the_url_comes_first_then_the_parts(load: Load) -> None:
    other = {"DB_USER": "u", "DB_NAME": "third"}
    parts = {"DATABASE_HOST": "h", "DATABASE_NAME": "second"}
    url = {"DATABASE_URL": "postgresql://h/first"}
    assert load(None, **(other | parts | url)).database.database == "first"
    assert load(None, **(other | parts)).database.database == "second"
    assert load(None, **other).database.database == "third"


@pytest.mark.parametrize(
    "low", ["DATABASE_URL=postgresql://low/low", "DEV_DATABASE_URL=postgresql://low/low"]
)
@pytest.mark.parametrize(
    "high",
    [
        {"DATABASE_URL": "mysql://high/d"},
        {"DATABASE_HOST": "high", "DATABASE_NAME": "d"},
        {"DB_HOST": "high"},
    ],
)
def test_a_higher_source_wins_whatever_its_spelling(
    load: Load, folder: Path, low: str, high: dict[str, str]
) -> None:
    (folder / ".env").write_text(f"{low}\n")
    if "DB_HOST" in high:
        high = high | {"DB_USER": "u", "DB_NAME": "d"}
    assert load(None, **high).database.host == "high"


def test_no_part_is_taken_from_a_lower_source(load: Load, refusal: Refusal, folder: Path) -> None:
    """The password for one host must not be sent to another."""
    (folder / ".env").write_text("DB_USER=low\nDB_PASS=low-password\nDB_NAME=low\nDB_PORT=7\n")
    found = load(DB_USER="high", DB_NAME="d").database
    assert (found.user, found.password, found.port) == ("high", "", 5432)
    said = refusal(None, DATABASE_HOST="high")
    assert "DATABASE_NAME is not set in the environment, which names the database in parts" in said


def test_the_development_url_wins_in_development_alone(load: Load) -> None:
    both = {"DATABASE_URL": "postgresql://h/real", "DEV_DATABASE_URL": "postgresql://h/dev"}
    assert load(None, **both).database.database == "dev"
    for profile in ("testing", "staging", "production"):
        assert load(None, FLASK_ENV=profile, **both).database.database == "real"


def test_db_parts_without_type_or_user_describe_the_admin_server(load: Load) -> None:
    found = load(DB_HOST="h", DB_PORT="7", DB_NAME="m", DB_ADMIN_PASSWORD="p")
    assert str(found.database) == "sqlite:///instance/basekeeper.db"
    assert found.admin_database == ConnectionParameters(POSTGRESQL, "m", "h", 7, "postgres", "p")
    assert load(DB_HOST="h").admin_database == ConnectionParameters(
        POSTGRESQL, "postgres", "h", 5432, "postgres"
    )


def test_the_admin_account_shares_host_and_port_with_the_application(load: Load) -> None:
    found = load(
        DB_HOST="h", DB_PORT="7", DB_NAME="d", DB_USER="u", DB_ADMIN_USER="root", DB_ADMIN_PASSWORD="p"
    )
    assert found.database.database == "d"
    assert found.admin_database == ConnectionParameters(POSTGRESQL, "postgres", "h", 7, "root", "p")
    mysql = load(DB_TYPE="mysql", DB_NAME="d", DB_ADMIN_USER="root").admin_database
    assert mysql == ConnectionParameters(Dialect.MYSQL, "", "localhost", 3306, "root")


def test_the_admin_url_wins_over_its_parts(load: Load, refusal: Refusal) -> None:
    found = load(DB_ADMIN_URL="postgres://a:p@h", DB_ADMIN_USER="b")
    assert found.admin_database == ConnectionParameters(POSTGRESQL, "postgres", "h", 5432, "a", "p")
    assert "DB_ADMIN_URL names a file" in refusal(None, DB_ADMIN_URL="sqlite:///a.db")


def test_a_password_without_a_user_is_not_passed_over(refusal: Refusal) -> None:
    assert "DB_PASS is set in the environment without DB_USER or DB_TYPE" in refusal(
        None, DB_PASS="p", DB_NAME="d"
    )


@pytest.mark.parametrize("kind", ["oracle", "postgres", "SQL Server"])
def test_an_unknown_type_is_refused(refusal: Refusal, kind: str) -> None:
    said = refusal(None, DB_TYPE=kind, DB_NAME="d")
    assert f'DB_TYPE is "{kind}", allowed: postgresql, mysql, mariadb, sqlite' in said


def test_a_port_that_an_orchestrator_put_there_is_told(refusal: Refusal) -> None:
    said = refusal(None, DB_USER="u", DB_NAME="d", DB_PORT="tcp://10.0.0.1:5432")
    assert 'DB_PORT is "tcp://10.0.0.1:5432", allowed: a whole number from 1 to 65535' in said


def test_another_account_migrates(load: Load) -> None:
    found = load(DATABASE_URL="postgres://u@pool:6432/d", MIGRATION_DATABASE_URL="postgres://ddl:p@h/d")
    assert found.database.user == "u"
    assert found.migration_database == ConnectionParameters(POSTGRESQL, "d", "h", 5432, "ddl", "p")


def test_another_account_migrates_the_same_database(refusal: Refusal) -> None:
    for other in ("postgres://u@h/other", "mysql://u@h/d", "sqlite:///d"):
        said = refusal(None, DATABASE_URL="postgres://u@h/d", MIGRATION_DATABASE_URL=other)
        assert "MIGRATION_DATABASE_URL names another database than the application's" in said


def test_a_lower_source_names_no_account_for_another_database(load: Load, folder: Path) -> None:
    """`DATABASE_URL=... manage_db.py reset` must not reset what .env names."""
    (folder / ".env").write_text(
        "DATABASE_URL=postgres://low/d\nMIGRATION_DATABASE_URL=postgres://ddl@low/d\n"
    )
    assert load(DATABASE_URL="postgres://high/d").migration_database.host == "high"
    assert load(MIGRATION_DATABASE_URL="postgres://ddl@high/d").migration_database.host == "high"
    assert load().migration_database.user == "ddl"


def test_the_development_database_is_migrated_by_its_own_account(load: Load) -> None:
    found = load(
        DATABASE_URL="postgres://real/d",
        MIGRATION_DATABASE_URL="postgres://ddl@real/d",
        DEV_DATABASE_URL="postgres://dev/d",
    )
    assert found.migration_database == found.database
    assert found.database.host == "dev"


def test_testing_has_a_file_of_its_own_unless_a_database_is_set(load: Load) -> None:
    found = load(FLASK_ENV="testing").database
    assert found.dialect is Dialect.SQLITE
    assert Path(found.database).parent.stat().st_mode & 0o777 == 0o700
    assert load(FLASK_ENV="testing").database == found
    assert load(FLASK_ENV="testing", DATABASE_URL="sqlite:///:memory:").database.in_memory


def test_the_file_of_testing_goes_with_the_process(tmp_path: Path) -> None:
    code = (
        "from core.settings import load_settings; from pathlib import Path; import os;"
        "file = Path(load_settings().database.database); file.touch();"
        "child = os.fork();"
        "exit(0) if not child else os.waitpid(child, 0);"
        "print(file, file.exists())"
    )
    environment = {"PYTHONPATH": str(ROOT), "FLASK_ENV": "testing", "TMPDIR": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, cwd=tmp_path
    )
    file, there = run.stdout.split()
    assert there == "True", run.stderr
    assert not Path(file).exists()
    assert list(tmp_path.iterdir()) == []
