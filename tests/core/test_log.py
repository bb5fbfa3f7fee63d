"""The log: one line a record in either form, no secret, no escape sequence, nowhere twice (TRUST 1.2)."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.connection import ConnectionParameters, Dialect
from core.errors import ConfigurationError
from core.log import configure_logging
from core.settings import LogFormat, Settings
from tests.core.conftest import Load

DATABASE = ConnectionParameters(Dialect.POSTGRESQL, "shellbook", "h", 5432, "u", "dahlia-0-bloom")
log = logging.getLogger("basekeeper.tests")


@pytest.fixture(autouse=True)
def _quiet_again(load: Load) -> Iterator[None]:
    levels = {
        name: logging.getLogger(name).level for name in (None, "sqlalchemy.engine", "core", "basekeeper")
    }
    before = list(logging.getLogger().handlers)
    yield
    for handler in [one for one in logging.getLogger().handlers if one not in before]:
        logging.getLogger().removeHandler(handler)
        handler.close()
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


@pytest.fixture
def settings(load: Load, folder: Path) -> Settings:
    """Settings with four secrets and a log file."""
    found = load(
        LOG_FILE=str(folder / "logs" / "app.log"),
        SECRET_KEY="sign-with-lilac",
        CREDENTIALS_KEY="lock-with-iris",
        DB_DEBUG="0",
        DB_ADMIN_URL="postgres://root:orchid%40root@h",
    )
    return replace(found, database=DATABASE)


def lines(settings: Settings) -> list[str]:
    assert settings.log_file
    return settings.log_file.read_text().splitlines()


@pytest.mark.parametrize("form", LogFormat)
def test_no_form_of_a_secret_reaches_the_log(settings: Settings, form: LogFormat) -> None:
    configure_logging(replace(settings, log_format=form))
    log.warning("url %s", "postgresql://u:dahlia-0-bloom@h/d")
    log.warning("keys %r", ["sign-with-lilac", "lock-with-iris"])
    log.warning("admin orchid@root, in a URL orchid%%40root, unknown %s", "x://y:peony@z")
    try:
        raise ValueError("refused dahlia-0-bloom")
    except ValueError:
        log.exception("failed")
    text = "\n".join(lines(settings))
    assert len(lines(settings)) == 4
    assert text.count("***") == 8
    for secret in ("dahlia", "lilac", "iris", "orchid", "peony"):
        assert secret not in text


@pytest.mark.parametrize("form", LogFormat)
def test_a_record_is_one_line_without_control_characters(settings: Settings, form: LogFormat) -> None:
    configure_logging(replace(settings, log_format=form))
    log.warning("name %s", "a\nFAKE line\r\x1b[31m \u202e \u2028 \x9b end")
    assert settings.log_file
    written = settings.log_file.read_text()
    assert written.count("\n") == 1
    assert written.endswith("\n")
    said = json.loads(written)["message"] if form is LogFormat.JSON else written[:-1]
    assert r"a\x0aFAKE line\x0d\x1b[31m \u202e \u2028 \x9b end" in said


def test_a_json_line_has_the_record_in_fields(settings: Settings) -> None:
    configure_logging(replace(settings, log_format=LogFormat.JSON))
    log.warning("It is %s", "late")
    found = json.loads(lines(settings)[0])
    assert found.pop("time").endswith("+00:00")
    assert found == {"level": "WARNING", "logger": "basekeeper.tests", "message": "It is late"}


def test_a_second_call_replaces_the_first(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging(settings, verbose=True)
    configure_logging(settings)
    configure_logging(settings)
    log.warning("once")
    assert len(lines(settings)) == 1
    assert capsys.readouterr().err.count("once") == 1


def test_a_command_shows_warnings_and_all_when_verbose(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = replace(settings, log_file=None)
    configure_logging(settings)
    log.info("quiet")
    log.warning("loud")
    configure_logging(settings, verbose=True)
    log.debug("detail")
    said = capsys.readouterr().err
    assert "quiet" not in said
    assert "loud" in said
    assert "detail" in said


def test_a_service_logs_to_standard_error_unless_it_has_a_file(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logging(replace(settings, log_file=None), service=True)
    log.info("to the terminal")
    configure_logging(settings, service=True)
    log.info("to the file")
    said = capsys.readouterr().err
    assert "to the terminal" in said
    assert "to the file" not in said
    assert "to the file" in lines(settings)[0]


def test_db_debug_logs_in_detail_and_echo_logs_sql(settings: Settings) -> None:
    sql = logging.getLogger("sqlalchemy.engine.Engine")
    configure_logging(settings)
    log.debug("not yet")
    sql.info("SELECT 1")
    configure_logging(replace(settings, db_debug=True, sqlalchemy_echo=True))
    log.debug("now")
    sql.info("SELECT 2")
    assert [line.rpartition(": ")[2] for line in lines(settings)] == ["now", "SELECT 2"]


def test_a_file_that_cannot_be_written_is_a_clear_error(settings: Settings, folder: Path) -> None:
    (folder / "taken").touch()
    with pytest.raises(ConfigurationError, match="LOG_FILE cannot be written"):
        configure_logging(replace(settings, log_file=folder / "taken" / "app.log"))


def test_a_full_disk_sends_the_lines_to_standard_error(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("this machine has no /dev/full")
    configure_logging(replace(settings, log_file=full), service=True)
    log.info("kept, dahlia-0-bloom hidden")
    said = capsys.readouterr().err
    assert "kept, *** hidden" in said
    assert "Traceback" not in said


def test_the_log_is_for_its_owner_alone_whatever_the_umask(settings: Settings) -> None:
    """TRUST X5."""
    before = os.umask(0)
    try:
        configure_logging(settings)
    finally:
        os.umask(before)
    assert settings.log_file
    assert settings.log_file.stat().st_mode & 0o777 == 0o600
    assert settings.log_file.parent.stat().st_mode & 0o777 == 0o700
