"""The worker as a process: rung, stopped, killed, and on many machines by a real Valkey (ARCHITECTURE section
4, rule 6; TRUST J1 to J3)."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Thread
from threading import enumerate as enumerate_threads

import pytest

from core.redis_server import parse_redis_url
from core.settings import Settings, load_settings
from jobs.worker import Worker
from operations.audit_chain import verify_audit
from operations.queue_place import queue_place
from operations.runner import Runner
from tests.jobs.working import COMMAND, ROOT, queue_counts, wait_for_ends, wait_for_words, worker_process
from tests.journeys.tools import run_tool
from tests.operations.support import ADMIN, CATALOGUE, counted, made_schema, rows
from tests.servers import PrivateServer
from tests.servers.valkey import Valkey

DOOR = [sys.executable, str(ROOT / "manage_db.py"), "worker"]
SOON = 5.0  # seconds from the ring to the end of a short operation
REAPED = 10.0  # seconds until what nobody rang for is done


@pytest.fixture
def by_file(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """Settings of an SQLite database with all tables, whose readers and writer do not wait for each other, as
    `init` makes it."""
    with closing(sqlite3.connect(sqlite_url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA journal_mode=WAL")
    monkeypatch.setenv("DATABASE_URL", sqlite_url)
    monkeypatch.chdir(tmp_path)
    settings = load_settings()
    made_schema(settings)
    return settings


def test_the_command_performs_what_was_queued_and_ends_when_told(
    settings: Settings, database_url: str, tmp_path: Path
) -> None:
    with worker_process(tmp_path, DOOR, DATABASE_URL=database_url) as (process, said):
        ids = [Runner(ADMIN, settings).submit(verify_audit)]
        wait_for_ends(settings, ids, SOON)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    text = said.read_text()
    assert f"Works for {settings.database.name}, 2 threads, rings by the file" in text
    assert f"{ids[0]}: done in" in text and "Ended" in text
    assert "Traceback" not in text and "Error" not in text and "WARNING" not in text, text
    assert all(line[:4].isdigit() for line in text.splitlines()), "each line has its time"


def test_ctrl_c_ends_it_too(by_file: Settings, tmp_path: Path) -> None:
    with worker_process(tmp_path, DOOR, DATABASE_URL=str(by_file.database)) as (process, said):
        process.send_signal(signal.SIGINT)
        assert process.wait(60) == 0, said.read_text()


@pytest.mark.parametrize("started", [0, 1, 2])
def test_told_to_end_while_its_threads_start(
    by_file: Settings, started: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C comes before the first thread, or between two."""
    begin, names = Thread.start, list[str]()

    def start(thread: Thread) -> None:
        if len(names) == started:
            raise KeyboardInterrupt
        names.append(thread.name)
        begin(thread)

    worker = Worker(by_file, threads=2, chores=())
    before = {*enumerate_threads()}
    with monkeypatch.context() as patch:
        patch.setattr(Thread, "start", start)
        patch.setattr(os, "nice", lambda _: 0)
        worker.run_forever()
    assert len(names) == started and {*enumerate_threads()} == before


def test_told_to_end_while_it_loads_it_ends_quietly(by_file: Settings, tmp_path: Path) -> None:
    """The signal comes while the modules of the work are read."""
    code = (
        "import os, runpy, signal, sys\n"
        "class Told:\n"
        "    def find_spec(self, name, *rest):\n"
        "        if name == 'jobs.worker': os.kill(os.getpid(), signal.SIGTERM)\n"
        f"sys.meta_path.insert(0, Told()); sys.argv = {DOOR[1:]!r}\n"
        f"runpy.run_path({DOOR[1]!r}, run_name='__main__')"
    )
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**environment, "DATABASE_URL": str(by_file.database)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, "", "")


def test_it_refuses_a_database_in_memory(tmp_path: Path) -> None:
    run = run_tool("manage_db.py", "worker", cwd=tmp_path, DATABASE_URL="sqlite:///:memory:")
    assert (run.code, run.out) == (2, "")
    assert "DATABASE_URL=sqlite:///FILE.db" in run.error


def test_it_says_what_is_missing_for_redis(tmp_path: Path) -> None:
    """As where requirements.txt alone is installed."""
    door = str(ROOT / "manage_db.py")
    code = (
        "import runpy, sys; sys.modules['redis'] = None; "
        f"sys.argv = [{door!r}, 'worker']; runpy.run_path({door!r}, run_name='__main__')"
    )
    variables = {"DATABASE_URL": "sqlite:///shop.db", "REDIS_URL": "redis://127.0.0.1:1"}
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "PYTHONPATH": str(ROOT), **variables}
    run = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr.startswith("Error: ") and "requirements-redis.txt" in run.stderr, run.stderr


def test_a_killed_worker_is_followed_by_one_that_goes_on(by_file: Settings, tmp_path: Path) -> None:
    """kill -9 in the middle: what ran is begun again, what waited is performed, each step once."""
    url = str(by_file.database)
    names = ("ants", "bees", "cats", "dogs")
    with worker_process(tmp_path, DATABASE_URL=url) as (process, said):
        ids = queue_counts(by_file, *names, limit=10, pause=0.1)
        wait_for_words(process, said, f"{ids[0]}: ")
        process.kill()
    with worker_process(tmp_path, DATABASE_URL=url):
        wait_for_ends(by_file, ids, REAPED + SOON)
    assert [counted(by_file, name) for name in names] == [10] * 4


def test_a_worker_that_is_told_to_end_leaves_long_work_to_the_next(by_file: Settings, tmp_path: Path) -> None:
    url = str(by_file.database)
    with worker_process(tmp_path, DATABASE_URL=url) as (process, said):
        (id,) = queue_counts(by_file, "ants", limit=90, pause=0.1)
        wait_for_words(process, said, f"{id}: ")
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    with worker_process(tmp_path, DATABASE_URL=url) as (process, said):
        wait_for_words(process, said, f"{id}: ")
    assert rows(by_file, f"SELECT attempt FROM operation WHERE id = '{id}'") == [(2,)]


def test_what_nobody_rang_for_is_found(by_file: Settings, tmp_path: Path) -> None:
    """The file of the queue is gone with its rings, and comes again."""
    ids = queue_counts(by_file, "ants", "bees")
    queue_place(by_file).file.unlink()
    with worker_process(tmp_path, DATABASE_URL=str(by_file.database)):
        wait_for_ends(by_file, ids, REAPED)


def test_two_workers_share_what_a_valkey_rings_for(
    settings: Settings, database_url: str, one_valkey: Valkey, tmp_path: Path
) -> None:
    variables = {"DATABASE_URL": database_url, "REDIS_URL": one_valkey.url}
    by_redis = replace(settings, redis=parse_redis_url(one_valkey.url))
    names = [f"target{number}" for number in range(8)]
    with (
        worker_process(tmp_path, COMMAND, **variables) as (first, said),
        worker_process(tmp_path, COMMAND, **variables) as (other, _),
    ):
        ids = queue_counts(by_redis, *names, pause=0.1)
        wait_for_ends(by_redis, ids, 30)
        performed = {row[0].rpartition(" ")[2] for row in rows(settings, "SELECT worker FROM operation")}
        assert performed == {str(first.pid), str(other.pid)}
    assert [counted(settings, name) for name in names] == [3] * 8
    assert f"rings by Redis at {by_redis.redis.place if by_redis.redis else ''}" in said.read_text()
    assert not queue_place(settings).file.exists()


def test_it_recovers_from_an_outage_of_the_database(
    private_server: PrivateServer,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", private_server.server.create_database())
    settings = load_settings()
    made_schema(settings)
    worker = Worker(settings, CATALOGUE)
    worker.start()
    try:
        wait_for_ends(settings, queue_counts(settings, "before"), SOON)
        private_server.stop()
        wait_for_log(caplog, "cannot look for forgotten operations")
        private_server.start()
        wait_for_ends(settings, queue_counts(settings, "after"), REAPED)
        wait_for_log(caplog, "can look for forgotten operations again")
    finally:
        worker.stop()


def wait_for_log(caplog: pytest.LogCaptureFixture, words: str) -> None:
    """Fails unless the log says `words` within half a minute."""
    deadline = time.monotonic() + 30
    while words not in caplog.text:
        assert time.monotonic() < deadline, caplog.text
        time.sleep(0.1)
