"""Backups while servers are killed, disks fill up, workers stop and go on; and secrets, which show nowhere
(TRUST B5, F4, F7, F18, K1, K2)."""

from __future__ import annotations

import os
import secrets
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from sqlalchemy import select

from core import failpoints
from core.connection import Dialect, parse_url
from core.errors import AppError, NotFound
from core.settings import Settings
from database import engine
from database.adapters.base import Capability
from database.context import application_context
from features.backup_verification import verify_backup
from features.backups import create_backup, list_backups
from jobs.backup_chores import clear_leftovers
from jobs.catalogue import CATALOGUE
from models import AuditEvent, BackupEvidence, OperationLine, OperationRecord, db
from operations import leases
from operations.performing import perform
from operations.runner import Runner, in_context
from tests.features.backing import left_behind
from tests.features.conftest import Configure
from tests.features.crashing import finish, state
from tests.features.killing import in_child
from tests.features.restoring import ADMIN, able, back_up, fill, registered, run
from tests.operations.test_killed_workers import has_lapsed, wait_until
from tests.operations.test_killed_workers import worker as forked
from tests.servers import PrivateServer, Server

At = Callable[[str, Callable[[], None]], None]


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """`at(failpoint, happen)`: what happens once the work of this process comes there."""

    def listen(name: str, happen: Callable[[], None]) -> None:
        monkeypatch.setattr(failpoints, "_listeners", [lambda there: happen() if there == name else None])

    return listen


@pytest.mark.requires(Capability.SESSIONS)
def test_a_server_that_is_killed_in_the_middle_is_waited_for_and_else_told(
    configure: Configure,
    sqlite_schema_url: str,
    private_server: PrivateServer,
    tmp_path: Path,
    at: At,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """TRUST F4: a backup is begun anew when it is back, and in no case is half of one left."""
    server = private_server.server
    url = server.create_database("shop")
    shop = able(configure(sqlite_schema_url), server, tmp_path)
    fill(server, url)
    add_text(server, url)
    shop = registered(shop, url)
    killed: list[str] = []

    def restart() -> None:
        if not killed:
            killed.append("once")
            private_server.kill()
            private_server.start()

    at("archive.begun", restart)
    made = back_up(shop)
    assert killed and not list(shop.backup_dir.glob("*.part"))
    with application_context(shop):
        assert [one.id for one in list_backups().backups] == [made.id]
    monkeypatch.setattr("features.backup_tries._PATIENCE", 0.5)
    at("archive.begun", private_server.kill)
    with pytest.raises(AppError) as error:
        run(shop, create_backup, "shop", made_by="ada")
    assert error.value.code in ("connection_failed", "server", "tool_failed", "backup"), repr(error.value)
    at("", lambda: None)
    private_server.start()
    in_context(shop, clear_leftovers, shop)
    assert not left_behind(shop)
    assert not list(shop.backup_dir.glob("*.part"))
    assert back_up(shop)


def test_a_disk_that_fills_up_leaves_what_was_there(
    shop: Settings, server: Server, database_url: str
) -> None:
    """TRUST B5, F7: our own files may not grow past a megabyte."""
    before = back_up(shop)
    add_text(server, database_url)
    said = in_child(lambda: back_up(shop), limit=1_000_000)
    assert "full" in said or "disk" in said, said
    with application_context(shop):
        assert [one.id for one in list_backups().backups] == [before.id]
    assert not list(shop.backup_dir.glob("*.part"))
    assert not left_behind(shop)
    assert run(shop, verify_backup, before.name).level == "equal"
    assert back_up(shop).size > before.size


def test_a_worker_stopped_past_its_lease_harms_nothing_when_it_goes_on(
    settings: Settings, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TRUST F18: another makes the backup meanwhile."""
    if settings.database.dialect is Dialect.SQLITE:
        pytest.skip("there the lock on the file tells that it lives")
    monkeypatch.setattr(leases, "LEASE", 6.0)
    monkeypatch.setattr(leases, "HEARTBEAT", 0.5)
    monkeypatch.setattr(engine, "SILENCE_LIMIT", 3.0)
    shop = able(settings, server, tmp_path)
    id = Runner(ADMIN, shop).submit(create_backup, shop.database.name, made_by="ada")

    def stop(name: str) -> None:
        if name == "archive.written":
            os.kill(os.getpid(), signal.SIGSTOP)

    def work() -> None:
        failpoints.listen(stop)
        perform(shop, CATALOGUE, id)

    with forked(work) as pid:
        wait_until(lambda: has_lapsed(shop, id))
        finish(shop)
        assert state(shop, id) == ("succeeded", 2)
        os.kill(pid, signal.SIGCONT)
    with application_context(shop):
        [made] = list_backups().backups
    assert {path.name for path in shop.backup_dir.glob("*.*")} >= {made.file, f"{made.name}.manifest.json"}
    assert not [path for path in shop.backup_dir.iterdir() if path.suffix == ".part"]
    assert run(shop, verify_backup, made.name).level == "equal"


@pytest.mark.requires(Capability.ACCOUNTS)
def test_no_secret_shows(
    shop: Settings, server: Server, database_url: str, capfd: pytest.CaptureFixture[str]
) -> None:
    """TRUST K1, K2: in no row, no file beside the backups, no line of a log, no argument of a program."""
    password = parse_url(database_url).password
    if not password:
        pytest.skip("the server lets everybody in without one")
    add_text(server, database_url)
    with arguments() as seen:
        made = back_up(shop)
        run(shop, verify_backup, made.name, "healthy")
        with suppress(NotFound):
            run(shop, create_backup, "shop", made_by="ada", tables=["nothing"])
    said = "".join(capfd.readouterr())
    with application_context(shop):
        rows = [repr(vars(row)) for model in (OperationRecord, OperationLine, AuditEvent, BackupEvidence)
                for row in db.session.scalars(select(model))]  # fmt: skip
    files = [path.read_bytes().decode(errors="replace") for path in shop.backup_dir.glob("*.json")]
    assert len(rows) > 10 and files and any("dump" in line for line in seen)
    assert not [text for text in (*rows, *files, *seen, said) if password in text]


@contextmanager
def arguments() -> Iterator[set[str]]:
    """What the programs of this machine are called with, looked at all the time."""
    seen: set[str] = set()
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.005):
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    seen.add(path.read_bytes().replace(b"\0", b" ").decode(errors="replace"))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


def add_text(server: Server, url: str, megabytes: int = 6) -> None:
    """Text that does not compress to less than half."""
    server.execute(url, "CREATE TABLE text_of_nobody (id integer PRIMARY KEY, words text)")
    for number in range(megabytes * 20):
        words = secrets.token_hex(25_000)
        server.execute(url, f"INSERT INTO text_of_nobody VALUES ({number}, '{words}')")
