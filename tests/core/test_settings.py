"""The settings beside the databases: sources, profiles, kinds of value, faults (SPEC section 3)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from core.settings import Environment
from tests.core.conftest import Load

Refusal = Callable[..., str]
ROOT = Path(__file__).parents[2]


def test_the_defaults_are_those_of_the_spec(load: Load) -> None:
    found = load()
    assert found.flask_env is Environment.DEVELOPMENT
    assert (found.db_pool_size, found.db_max_overflow, found.db_pool_timeout) == (10, 0, 20)
    assert (found.db_pool_recycle, found.db_connect_timeout, found.db_command_timeout) == (300, 30, 600)
    assert (found.db_max_retries, found.db_retry_delay) == (5, 5)
    assert (found.auto_init, found.auto_migrate, found.sqlalchemy_echo) == (True, False, False)
    assert (found.log_file, found.log_format, found.backup_dir) == (None, "text", Path("backups"))
    assert (found.secret_key, found.credentials_key, found.trusted_hosts) == ("", "", ())


def test_the_env_file_beats_the_environment_which_beats_dot_env(load: Load, folder: Path) -> None:
    (folder / ".env").write_text("DB_MAX_RETRIES=1\nDB_RETRY_DELAY=1\nDB_POOL_SIZE=1\n")
    (folder / "given").write_text("DB_MAX_RETRIES=3\n")
    without = load(DB_MAX_RETRIES="2", DB_RETRY_DELAY="2")
    assert (without.db_max_retries, without.db_retry_delay, without.db_pool_size) == (2, 2, 1)
    given = load("given", DB_MAX_RETRIES="2", DB_RETRY_DELAY="2")
    assert (given.db_max_retries, given.db_retry_delay, given.db_pool_size) == (3, 2, 10)


def test_an_empty_value_counts_as_not_set(load: Load, folder: Path) -> None:
    (folder / ".env").write_text("LOG_FORMAT=json\nDB_POOL_SIZE=\n")
    found = load(LOG_FORMAT="", DB_POOL_TIMEOUT=" ")
    assert (found.log_format, found.db_pool_size, found.db_pool_timeout) == ("json", 10, 20)


def test_reading_changes_no_environment(load: Load, folder: Path) -> None:
    (folder / ".env").write_text("BASEKEEPER_TEST=1\n")
    load()
    assert "BASEKEEPER_TEST" not in os.environ


@pytest.mark.parametrize(
    ("name", "profile"),
    [
        (".env.dev", Environment.DEVELOPMENT),
        (".env.development", Environment.DEVELOPMENT),
        (".env.test", Environment.TESTING),
        (".env.testing", Environment.TESTING),
        (".env.staging", Environment.STAGING),
        (".env.production", Environment.PRODUCTION),
        ("some.env", Environment.DEVELOPMENT),
    ],
)
def test_the_name_of_the_env_file_says_the_profile(
    load: Load, folder: Path, name: str, profile: Environment
) -> None:
    (folder / "etc").mkdir()
    (folder / "etc" / name).write_text("LOG_FORMAT=json\n")
    assert load(f"etc/{name}").flask_env is profile
    assert load(f"etc/{name}", FLASK_ENV="staging").flask_env is Environment.STAGING
    (folder / "etc" / name).write_text("FLASK_ENV=Testing\n")
    assert load(f"etc/{name}", FLASK_ENV="staging").flask_env is Environment.TESTING


def test_a_name_that_says_no_profile_is_refused(refusal: Refusal, folder: Path) -> None:
    (folder / ".env.prod").write_text("LOG_FORMAT=json\n")
    assert "FLASK_ENV is not set, and the name .env.prod says none of development" in refusal(".env.prod")


def test_only_development_has_no_overflow_and_a_detailed_log(load: Load) -> None:
    for profile in Environment:
        found = load(FLASK_ENV=profile)
        at_ease = profile is Environment.DEVELOPMENT
        assert (found.db_max_overflow, found.db_debug) == ((0, True) if at_ease else (20, False))
        assert profile.guarded is (profile is Environment.PRODUCTION)
    assert load(DB_MAX_OVERFLOW="7", DB_DEBUG="no").db_max_overflow == 7


@pytest.mark.parametrize("yes", ["1", "true", "TRUE", "yes", "Yes"])
@pytest.mark.parametrize("no", ["0", "false", "False", "no", "NO"])
def test_booleans(load: Load, yes: str, no: str) -> None:
    found = load(AUTO_MIGRATE=yes, AUTO_INIT=no)
    assert (found.auto_migrate, found.auto_init) == (True, False)


def test_auto_is_a_pool_by_the_cores(load: Load) -> None:
    assert load(DB_POOL_SIZE="auto").db_pool_size == 2 * (os.cpu_count() or 1) + 1


def test_trusted_hosts_are_a_list(load: Load) -> None:
    found = load(TRUSTED_HOSTS="a.example, .b.example,[::1]:5000,")
    assert found.trusted_hosts == ("a.example", ".b.example", "[::1]:5000")


@pytest.mark.parametrize(
    ("name", "given", "allowed"),
    [
        ("FLASK_ENV", "prod", "development, testing, staging, production"),
        ("LOG_FORMAT", "xml", "text, json"),
        ("AUTO_INIT", "maybe", "1, true, yes, 0, false, no"),
        ("AUTO_INIT", "on", "1, true, yes, 0, false, no"),
        ("DB_POOL_SIZE", "0", "auto, or a whole number from 1 to 1000"),
        ("DB_POOL_SIZE", "ten", "auto, or a whole number from 1 to 1000"),
        ("DB_MAX_OVERFLOW", "-1", "a whole number from 0 to 1000"),
        ("DB_MAX_RETRIES", "1.5", "a whole number from 0 to 1000"),
        ("DB_MAX_RETRIES", "1_0", "a whole number"),
        ("DB_MAX_RETRIES", "٣", "a whole number"),
        ("DB_CONNECT_TIMEOUT", "0", "seconds from 0.1 to 3600"),
        ("DB_CONNECT_TIMEOUT", "nan", "seconds from 0.1 to 3600"),
        ("DB_CONNECT_TIMEOUT", "inf", "seconds from 0.1 to 3600"),
        ("DB_CONNECT_TIMEOUT", "1e1", "seconds from 0.1 to 3600"),
        ("DB_CONNECT_TIMEOUT", "30s", "seconds from 0.1 to 3600"),
        ("TRUSTED_HOSTS", "https://a.example", "host names with commas between them"),
    ],
)
def test_an_unknown_value_is_told_with_what_was_given_and_what_is_allowed(
    refusal: Refusal, name: str, given: str, allowed: str
) -> None:
    assert f'{name} is "{given}", allowed: {allowed}' in refusal(None, **{name: given})


def test_all_faults_are_told_together_in_one_line(refusal: Refusal) -> None:
    said = refusal(
        None,
        LOG_FORMAT="x\nFAKE",
        DB_POOL_SIZE="0",
        DATABASE_URL="postgres://h/d?host=evil",
        DB_ADMIN_URL="nonsense",
        SECRET_KEY="k",
        SECRET_KEY_FILE="f",
    )
    assert said.count("; ") >= 4
    for name in ("LOG_FORMAT", "DB_POOL_SIZE", "DATABASE_URL", "DB_ADMIN_URL", "SECRET_KEY_FILE"):
        assert name in said
    assert r'"x\x0aFAKE"' in said


def test_a_secret_comes_from_the_file_that_is_named(load: Load, folder: Path) -> None:
    (folder / "key").write_text(" with space \n")
    (folder / "url").write_text("postgresql://u:p@h/d\r\n")
    found = load(SECRET_KEY_FILE="key", CREDENTIALS_KEY_FILE=str(folder / "key"), DATABASE_URL_FILE="url")
    assert (found.secret_key, found.credentials_key) == (" with space ", " with space ")
    assert found.database.host == "h"


def test_the_higher_source_wins_with_a_file_too(load: Load, folder: Path) -> None:
    (folder / ".env").write_text("SECRET_KEY=low\n")
    (folder / "key").write_text("high")
    assert load(SECRET_KEY_FILE="key").secret_key == "high"


def test_a_value_and_its_file_in_one_source_are_a_fault(refusal: Refusal, folder: Path) -> None:
    (folder / "key").write_text("b")
    said = refusal(None, SECRET_KEY="a", SECRET_KEY_FILE="key")
    assert "SECRET_KEY and SECRET_KEY_FILE are both set in the environment, keep one" in said


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe"])
def test_a_secret_file_that_cannot_be_read_is_a_fault(
    refusal: Refusal, folder: Path, content: bytes | None
) -> None:
    if content is not None:
        (folder / "tulip-bed").write_bytes(content)
    said = refusal(None, DB_USER="u", DB_NAME="d", DB_PASS_FILE="tulip-bed")
    assert "the file of DB_PASS_FILE" in said
    assert "tulip-bed" not in said  # someone may have put the secret there


def test_only_secrets_come_from_files(load: Load) -> None:
    assert load(LOG_FILE="app.log", LOG_FORMAT_FILE="missing").log_file == Path("app.log")


def test_a_missing_env_file_is_a_clear_error(refusal: Refusal) -> None:
    assert refusal(".env.staging") == "Cannot read .env.staging (No such file or directory)."


def test_a_folder_or_other_bytes_are_no_env_file(refusal: Refusal, folder: Path) -> None:
    (folder / "binary").write_bytes(b"A=\xff")
    assert "not UTF-8" in refusal("binary")
    assert "Is a directory" in refusal(str(folder))


def test_a_line_that_is_no_setting_is_told_by_its_number(refusal: Refusal, folder: Path) -> None:
    (folder / "given").write_text('SECRET_KEY="not closed tulip\nLOG_FORMAT=json\n')
    said = refusal("given")
    assert "given has no NAME=value in line 1" in said
    assert "tulip" not in said


def test_a_name_nearly_ours_in_a_file_is_refused(refusal: Refusal, folder: Path) -> None:
    """A typing error must not end in the default database."""
    file = folder / ".env.production"
    file.write_text("DATABSE_URL=postgresql://u@h/d\nTEST_DATABASE_URL=x\nCOMPOSE_PROJECT_NAME=y\n")
    told = refusal(file)
    assert "DATABSE_URL" in told
    assert "DATABASE_URL is nearly the same" in told
    assert "TEST_DATABASE_URL" not in told
    assert "COMPOSE" not in told


def test_a_value_in_a_file_stands_as_it_is(load: Load, folder: Path) -> None:
    (folder / "given").write_text("export SECRET_KEY='a${HOME}#b $c'\nCREDENTIALS_KEY=x=y#z\n")
    found = load("given")
    assert (found.secret_key, found.credentials_key) == ("a${HOME}#b $c", "x=y#z")


def test_no_text_form_of_the_settings_holds_a_secret(load: Load) -> None:
    found = load(
        SECRET_KEY="tulip-1",
        CREDENTIALS_KEY="tulip-2",
        DATABASE_URL="postgresql://u:tulip-3@h/d",
        MIGRATION_DATABASE_URL="postgresql://m:tulip-4@h/d",
        DB_ADMIN_URL="postgresql://a:tulip-5@h/d",
    )
    assert "tulip" not in f"{found} {found!r} {found.database} {found.admin_database}"
    assert set(found.secrets) == {f"tulip-{number}" for number in range(1, 6)}


@pytest.mark.parametrize(
    "variable", ["DB_TYPE", "DB_HOST", "DB_PORT", "LOG_FORMAT", "FLASK_ENV", "DATABASE_HOST"]
)
def test_a_url_in_the_wrong_variable_is_not_shown(refusal: Refusal, variable: str) -> None:
    said = refusal(None, DB_USER="u", DB_NAME="d", **{variable: "postgresql://u:tulip@h/d"})
    assert f"{variable} is not valid, allowed: " in said
    assert "tulip" not in said


def test_tests_can_replace_a_field(load: Load) -> None:
    assert replace(load(), auto_init=False).auto_init is False


def test_loading_imports_nothing_that_is_heavy(folder: Path) -> None:
    """The health door reads the settings on every call."""
    code = "import sys; from core.settings import load_settings; load_settings(); print(*sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    loaded = set(run.stdout.split())
    assert "core.databases" in loaded, run.stderr
    assert not loaded & {"dotenv", "tempfile", "sqlalchemy", "flask", "click", "logging", "subprocess"}
