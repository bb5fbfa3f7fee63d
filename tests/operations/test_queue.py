"""The queue rings and does no more: by a file and by a real Valkey (ARCHITECTURE section 4, rule 6)."""

from __future__ import annotations

import os
import pickle
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import Unsupported
from core.naming import new_id
from core.redis_server import parse_redis_url
from core.settings import Settings, load_settings
from operations.queue import Consumer, ring
from operations.queue_place import queue_place
from operations.queue_stores import open_store
from tests.servers import Unavailable
from tests.servers.valkey import Valkey, valkey

WAIT = 5.0  # seconds


class Answers:
    """What a consumer heard."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self._came = threading.Condition()

    def __call__(self, id: str) -> None:
        with self._came:
            self.heard.append(id)
            self._came.notify_all()

    def wait(self, *ids: str) -> None:
        """Fails unless each of `ids` was heard within WAIT seconds."""
        with self._came:
            assert self._came.wait_for(lambda: set(ids) <= set(self.heard), WAIT), self.heard


@contextmanager
def listening(
    settings: Settings, answer: Callable[[str], object], tick: Callable[[], None] = lambda: None
) -> Iterator[Consumer]:
    consumer = Consumer(settings, answer, tick, threads=2)
    thread = threading.Thread(target=consumer.run, daemon=True)
    thread.start()
    try:
        yield consumer
    finally:
        consumer.stop()
        thread.join(WAIT)
        assert not thread.is_alive()


@pytest.fixture(scope="module")
def one_valkey() -> Iterator[Valkey]:
    try:
        with valkey() as one:
            yield one
    except Unavailable as reason:
        pytest.skip(f"valkey missing: {reason}")


@pytest.fixture
def by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DATABASE_URL", "sqlite:///shop.db")
    return load_settings()


@pytest.fixture
def by_redis(by_file: Settings, one_valkey: Valkey) -> Settings:
    return replace(by_file, redis=parse_redis_url(one_valkey.url))


@pytest.fixture(params=["by_file", "by_redis"])
def settings(request: pytest.FixtureRequest) -> Settings:
    found: Settings = request.getfixturevalue(request.param)
    return found


def test_a_ring_is_answered_soon(settings: Settings) -> None:
    answers, id = Answers(), new_id()
    with listening(settings, answers):
        began = time.monotonic()
        ring(settings, id)
        answers.wait(id)
    assert time.monotonic() - began < 3.5
    assert answers.heard == [id]


def test_what_was_rung_before_is_answered_once_and_in_order(settings: Settings) -> None:
    answers, ids = Answers(), [new_id() for _ in range(3)]
    ring(settings, *ids)
    ring(settings, *ids)  # as the reaper does while they wait
    consumer = Consumer(settings, answers, lambda: None, threads=1)
    thread = threading.Thread(target=consumer.run, daemon=True)
    thread.start()
    answers.wait(*ids)
    consumer.stop()
    thread.join(WAIT)
    assert answers.heard == ids


@pytest.mark.parametrize("planted", ["pickle", "word", "other", "deep", "long", "bytes", "text", "number"])
def test_what_is_no_ring_is_taken_out_and_runs_nothing(
    planted: str, settings: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """TRUST S6, D11: whoever can write the queue can still run nothing."""
    loot, answers, id = tmp_path / "loot", Answers(), new_id()
    payloads: dict[str, Any] = {
        "pickle": pickle.dumps(_Trap(str(loot))),
        "word": b'"hello"',
        "other": b'{"operation": "../../etc"}',
        "deep": b"[" * 90,
        "long": b'{"operation": "' + b"a" * 100_000 + b'"}',
        "bytes": b"\xff\xfe",
        "text": "hello",  # of SQL's other types
        "number": 7,
    }
    with closing(open_store(queue_place(settings))) as store:
        store.enqueue(payloads[planted])
    ring(settings, id)
    with listening(settings, answers):
        answers.wait(id)
    assert answers.heard == [id]
    assert not loot.exists()
    assert "no ring was taken out" in caplog.text and "Traceback" not in caplog.text


class _Trap:
    def __init__(self, path: str) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (Path(self._path),)


def test_an_answer_that_fails_ends_no_listener(settings: Settings) -> None:
    answers, ids = Answers(), [new_id() for _ in range(4)]

    def answer(id: str) -> None:
        answers(id)
        raise RuntimeError(id)

    with listening(settings, answer):
        ring(settings, *ids)
        answers.wait(*ids)


def test_the_time_keeper_that_dies_is_replaced(by_file: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks: list[float] = []

    def tick() -> None:
        ticks.append(time.monotonic())
        raise RuntimeError

    with listening(by_file, Answers(), tick) as consumer:
        monkeypatch.setattr(consumer, "_health_check_interval", 0.1)
        deadline = time.monotonic() + WAIT
        while len(ticks) < 2 and time.monotonic() < deadline:
            time.sleep(0.05)
    assert len(ticks) >= 2


def test_the_file_is_the_owners_alone_and_beside_the_database(by_file: Settings, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        ring(by_file, new_id())
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "shop-queue.db").stat().st_mode) == 0o600


def test_a_file_that_was_taken_away_rings_again(by_file: Settings, tmp_path: Path) -> None:
    answers, ids = Answers(), [new_id(), new_id()]
    with listening(by_file, answers):
        ring(by_file, ids[0])
        answers.wait(ids[0])
        (tmp_path / "shop-queue.db").unlink()
        ring(by_file, ids[1])
        answers.wait(ids[1])


def test_a_queue_that_is_away_fails_no_submission(
    by_file: Settings, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "shop-queue.db").write_text("This is no database. " * 100)
    ring(by_file, new_id())
    assert "No worker can be rung" in caplog.text


def test_a_valkey_that_is_away_fails_no_submission_and_is_heard_again(
    by_file: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    try:
        with valkey() as one:
            if one.process is None:
                pytest.skip("TEST_REDIS_URL names a server that is not ours to stop")
            _lose_and_find(replace(by_file, redis=parse_redis_url(one.url)), one, caplog)
    except Unavailable as reason:
        pytest.skip(f"valkey missing: {reason}")


def _lose_and_find(settings: Settings, one: Valkey, caplog: pytest.LogCaptureFixture) -> None:
    answers, id = Answers(), new_id()
    assert one.process and settings.redis
    with listening(settings, answers):
        one.process.kill()
        began = time.monotonic()
        ring(settings, new_id())
        assert time.monotonic() - began < 4
        time.sleep(0.5)
        one.process.start()
        ring(settings, id)
        answers.wait(id)
    assert "No worker can be rung" in caplog.text and "Rings come again" in caplog.text
    assert settings.redis.password not in caplog.text
    assert caplog.text.count("No rings come") <= 2  # once for each listener


def test_two_databases_never_share_a_queue(by_redis: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@db.example.net/shop")
    places = [queue_place(load_settings())]
    monkeypatch.setenv("DATABASE_URL", "postgresql://u:secret@db.example.net/shop2")
    places += [queue_place(load_settings()), queue_place(by_redis)]
    assert len({place.name for place in places}) == 3 == len({place.file for place in places})
    assert "secret" not in f"{places}"


def test_a_database_in_memory_has_no_queue(by_file: Settings) -> None:
    in_memory = replace(by_file, database=replace(by_file.database, database=":memory:"))
    with pytest.raises(Unsupported, match="DATABASE_URL=sqlite:///FILE"):
        ring(in_memory, new_id())


def test_the_queue_holds_the_id_and_nothing_else(by_file: Settings, tmp_path: Path) -> None:
    id = new_id()
    ring(by_file, id)
    with closing(sqlite3.connect(tmp_path / "shop-queue.db")) as connection:
        assert connection.execute("select data from task").fetchall() == [
            (f'{{"operation": "{id}"}}'.encode(),)
        ]
