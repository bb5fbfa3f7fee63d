"""A console with a month behind it, for the pictures: people, databases, sign-ins, sizes, work. The past is
written straight into the tables; what is done today goes through the doors."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta

from playwright.sync_api import Page, expect
from sqlalchemy import select, text

from core.backup_levels import Level
from core.clock import utc_now
from core.naming import new_id
from core.settings import load_settings
from database.context import application_context, current_settings
from features.recipes.moments import seed_of_day
from features.recipes.users import username_of
from models import OperationRecord, SignInFailure, SizeSample, User, UserLog, db
from tests.browser.live_console import LiveConsole
from tests.features.backing import backup_row
from tests.servers import Server

_DAYS = 30
_FAILED_DAY, _HALF_WAY_DAY = 16, 9  # days ago
_SUNDAY = 6
_A_WHILE = 2.0  # seconds, for the command to come that far
_SOME_INDEX = "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'ix_session%' LIMIT 1"
_CHANCE = random.Random(7)  # the same pictures each time, apart from the clock


def remember(console: LiveConsole) -> None:
    """Give `console` its last month."""
    with application_context(load_settings(console.env_file)):
        _remember_sizes()
        _remember_sign_ins()
        _remember_backups()
        db.session.commit()


@contextmanager
def adding_sample_data(console: LiveConsole) -> Iterator[subprocess.Popen[str]]:
    """While the context lasts, the command that adds the sample users is half-way: it waits for a name that
    somebody else is about to take, and in the end does not."""
    with _taking(console, sample_people()[7]):
        with _taking(console, sample_people()[3]):
            command = console.start("sample-data")
            time.sleep(_A_WHILE)
        yield command


def work(console: LiveConsole, server: Server, page: Page) -> None:
    """Let the admin who is signed in on `page` have done a day's work."""
    _register_databases(console, server)
    start_verification(page)
    _expect_state(page, "Succeeded")
    url = console.environment["DATABASE_URL"]
    ((index, *_),) = server.execute(url, _SOME_INDEX)
    server.execute(url, f"DROP INDEX {server.quoted(str(index))}")
    start_verification(page)
    _expect_state(page, "Failed")
    console.manage("create-indexes")
    with held_up(console):
        start_verification(page)
        page.get_by_role("link", name="Cancel").click()
        page.get_by_role("button", name="Cancel the operation").click()
        _expect_state(page, "Cancelled")
    start_verification(page)
    _expect_state(page, "Succeeded")


@contextmanager
def held_up(console: LiveConsole) -> Iterator[None]:
    """While the context lasts, whoever wants the table of sessions waits, such as a verification."""
    with application_context(load_settings(console.env_file)):
        db.session.execute(text("LOCK TABLE session IN ACCESS EXCLUSIVE MODE"))
        yield


@contextmanager
def _taking(console: LiveConsole, username: str) -> Iterator[None]:
    with application_context(load_settings(console.env_file)):
        db.session.add(User(username=username, email=f"{username}@example.net", name=username))
        db.session.flush()
        yield


def sample_people() -> list[str]:
    """The names of the sample users of today."""
    return [username_of(seed_of_day(utc_now().date()), position) for position in range(12)]


def active_people(console: LiveConsole) -> list[str]:
    """Those of them who may sign in, once they were added."""
    may = select(User.username).where(User.is_active, User.username.in_(sample_people()))
    with application_context(load_settings(console.env_file)):
        return list(db.session.scalars(may.order_by(User.id)))


def start_verification(page: Page) -> None:
    """Press the button of the health page; leaves the page on the operation."""
    page.goto("/health")
    page.get_by_role("button", name="Verify the schema").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Verify")


def _register_databases(console: LiveConsole, server: Server) -> None:
    password = console.folder / "password"
    password.write_text(server.admin_url.split(":")[2].split("@")[0])
    for name, environment in (("shellbook", "production"), ("shellbook_staging", "staging")):
        url = server.create_database(name).replace(f":{password.read_text()}@", "@")
        options = ("--environment", environment, "--password-file", str(password))
        console.manage("database", "add", name, url, *options)
    (console.folder / "databases").mkdir()
    with closing(sqlite3.connect(console.folder / "databases/notes.db")) as notes:
        notes.execute("CREATE TABLE note (text TEXT)")
    console.manage("database", "add", "notes", "--dialect", "sqlite", "--database", "notes.db")
    gone = ["--dialect", "mysql", "--host", "127.0.0.1", "--port", "1", "--user", "app", "--database", "shop"]
    more = ["--environment", "staging", "--password-file", str(password), "--even-unreachable"]
    console.manage("database", "add", "shop", *gone, *more)


def _remember_sizes() -> None:
    size, now = 7_200_000, utc_now()
    for hours in range(_DAYS * 24, 0, -1):
        size += _CHANCE.randint(-500, 7_000)
        db.session.add(SizeSample(taken_at=now - timedelta(hours=hours), size=size))


def _remember_sign_ins() -> None:
    for day in range(1, _DAYS):
        for _ in range(_CHANCE.randint(4, 19)):
            username, there = _CHANCE.choice(sample_people()), f"10.0.3.{_CHANCE.randint(2, 40)}"
            entry = UserLog(username=username, action="login", timestamp=_moment(day), ip_address=there)
            db.session.add(entry)
        for _ in range(_CHANCE.choice((0, 0, 0, 1, 2))):
            there = f"10.0.3.{_CHANCE.randint(2, 40)}"
            db.session.add(SignInFailure(at=_moment(day), account="", network="", ip_address=there))


def _remember_backups() -> None:
    own, night = current_settings().database.name, utc_now().replace(hour=2, minute=0, second=0)
    for day in range(_DAYS - 1, 0, -1):
        at = night - timedelta(days=day)
        if day == _FAILED_DAY:
            _remember_failure(own, at)
            continue
        level = (
            Level.HEALTHY if at.weekday() == 6 else Level.RESTORED if day == _HALF_WAY_DAY else Level.EQUAL
        )
        row = backup_row(
            own, days=0, level=level, is_own=True, reason="schedule", made_by="schedule",
            dialect="postgresql", server="PostgreSQL 16.14", tool="pg_dump 16.14", revision="b3a94f07c1d2",
            file=f"{own}-{at:%Y%m%d-%H%M%S}.dump.zst", size=33_000 + 500 * (_DAYS - day),
            data_size=7_200_000 + 90_000 * (_DAYS - day), table_count=24, row_count=900 + 11 * (_DAYS - day),
            taken_at=at, proven_at=at, seconds=_CHANCE.uniform(3.1, 3.9),
            restore_seconds=_CHANCE.uniform(5.4, 6.2),
        )  # fmt: skip
        db.session.add(row)


def _remember_failure(own: str, at: datetime) -> None:
    words = {"kind": "backup.create", "title": f"Back up {own}", "target": own, "state": "failed"}
    moments = {"created_at": at, "started_at": at, "finished_at": at + timedelta(seconds=4)}
    why = {"error_code": "server", "error_message": "The database server went away."}
    db.session.add(
        OperationRecord(id=new_id(), actor="schedule", through="worker", **words, **moments, **why)
    )


def _moment(day: int) -> datetime:
    return utc_now() - timedelta(days=day, seconds=_CHANCE.randint(0, 36_000))


def _expect_state(page: Page, state: str) -> None:
    expect(page.get_by_role("main").locator(".page-head .state")).to_have_text(state)
