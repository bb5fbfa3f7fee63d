"""No secret enters an event, a row or a log, whichever way it is slipped in (rule 3, TRUST K1)."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from core.connection import ConnectionParameters, Dialect
from core.errors import AppError, ConnectionFailed
from core.progress import Event, Operation, operation
from core.settings import Settings
from models import db
from operations.runner import Runner
from operations.scrubbing import Scrubber
from tests.operations.support import ADMIN, rows

SECRET = "c4n@ry/pass word"
SHOWN = ConnectionParameters(Dialect.POSTGRESQL, "shelf", "db.example.org", 5432, "app", SECRET)


@operation("test.secret", title="Copy {source.name} for {password}", target="{source.name}")
def copy(op: Operation, source: ConnectionParameters, password: str, work: Callable[[Operation], None]):
    """A careless feature."""
    work(op)


def in_a_note(op: Operation) -> None:
    op.phase(f"Connect with {SECRET}", unit="rows")
    op.note(f"tried password={SECRET!r} and postgresql://app:c4n%40ry%2Fpass%20word@db.example.org/shelf")


def in_a_driver_error(op: Operation) -> None:
    raise type("OperationalError", (Exception,), {})(f'FATAL: no entry for "{SECRET}"')


def in_one_of_ours(op: Operation) -> None:
    raise ConnectionFailed(f"The server said: {SECRET}", hint=f"Try {SECRET}.")


def in_a_statement(op: Operation) -> None:
    db.session.execute(text("SELECT nothing FROM nowhere WHERE secret = :secret"), {"secret": SECRET})


def in_a_chain(op: Operation) -> None:
    try:
        in_a_driver_error(op)
    except Exception as error:
        raise RuntimeError("It failed.") from error


@pytest.mark.parametrize("slip", [in_a_note, in_a_driver_error, in_one_of_ours, in_a_statement, in_a_chain])
def test_a_planted_secret_is_nowhere(
    settings: Settings, slip: Callable[[Operation], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "basekeeper")
    heard: list[Event] = []
    said = ""
    try:
        Runner(ADMIN, settings, heard.append).run(copy, SHOWN, SECRET, slip)
    except AppError as error:
        said = f"{error} {error.hint} {error.args}"
    tables = ("operation", "operation_line", "audit", "target_lock")
    everything = [str(rows(settings, f"SELECT * FROM {table}")) for table in tables]
    everything += [repr(heard), said, *(one.getMessage() for one in caplog.records)]
    assert rows(settings, "SELECT target FROM operation") == [("shelf",)]
    for told in everything:
        assert SECRET not in told and repr(SECRET)[1:-1] not in told
        assert "c4n%40ry" not in told


def test_the_log_of_an_unexpected_error_holds_no_row(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    """What people stored is not known as a secret, and is nobody's business all the same."""

    written = {"diary": "dear me"}

    def wrap(op: Operation) -> None:
        try:
            db.session.execute(text("SELECT nothing FROM nowhere WHERE diary = :diary"), written)
        except SQLAlchemyError as error:
            raise RuntimeError("It failed.") from error

    with pytest.raises(AppError):
        Runner(ADMIN, settings).run(copy, SHOWN, SECRET, wrap)
    logged = " ".join(one.getMessage() for one in caplog.records)
    assert "nowhere" in logged and "dear me" not in logged


def test_the_settings_own_secrets_are_known(settings: Settings) -> None:
    own = replace(settings, secret_key="0123456789abcdef", database=SHOWN)
    shown = Scrubber(own).text(f"{SECRET} 0123456789abcdef stay")
    assert shown == "*** *** stay"


def test_a_password_that_is_also_an_open_name_stays_readable() -> None:
    """user postgres, password postgres: hiding the word would hide the user."""
    open_word = replace(SHOWN, user="postgres", password="postgres")
    assert Scrubber(open_word).text("postgres may connect") == "postgres may connect"


def test_a_title_or_target_that_is_a_url_is_refused(settings: Settings) -> None:
    """Rule 3: titles and targets are names."""

    @operation("test.url", title="Copy {source}", target="{source.name}")
    def careless(op: Operation, source: ConnectionParameters) -> None: ...

    with pytest.raises(AppError, match="named by a URL"):
        Runner(ADMIN, settings).run(careless, SHOWN)
    assert not rows(settings, "SELECT id FROM operation")
