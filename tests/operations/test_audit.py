"""The chain of audit rows: whole whoever writes at once, and broken by any change (TRUST L1, L2)."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from core.clock import utc_now
from core.settings import Settings, load_settings
from operations.audit import ORIGIN, AuditEntry, record_audit, verify_chain
from operations.runner import in_context
from tests.operations.support import ADMIN, execute, rows


def write(settings: Settings, *targets: str) -> None:
    def entries() -> None:
        for target in targets:
            record_audit(settings, AuditEntry.of(ADMIN, event="intent", action="test.write", target=target))

    in_context(settings, entries)


def write_in_a_process(url: str, folder: str, names: list[str]) -> None:
    """Four threads at once."""
    os.environ["DATABASE_URL"] = url
    os.chdir(folder)
    settings = load_settings()
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda name: write(settings, *(f"{name}-{turn}" for turn in range(5))), names))


def test_an_empty_chain_is_whole(settings: Settings) -> None:
    assert in_context(settings, verify_chain) is None


def test_each_row_stands_on_the_one_before(settings: Settings) -> None:
    write(settings, "a", "b", "c")
    chain = rows(settings, "SELECT previous_hash, hash FROM audit ORDER BY id")
    assert [previous for previous, _ in chain] == [ORIGIN, chain[0][1], chain[1][1]]
    assert in_context(settings, verify_chain) is None


def test_eight_writers_at_once_make_one_chain(settings: Settings, database_url: str, tmp_path: Path) -> None:
    """Two processes of four threads, each with a context and connections of its own."""
    context = multiprocessing.get_context("spawn")
    children = [
        context.Process(target=write_in_a_process, args=(database_url, str(tmp_path), list(names)))
        for names in ("abcd", "efgh")
    ]
    for child in children:
        child.start()
    for child in children:
        child.join()
    assert [child.exitcode for child in children] == [0, 0]
    written = {name for (name,) in rows(settings, "SELECT target FROM audit")}
    assert written == {f"{name}-{turn}" for name in "abcdefgh" for turn in range(5)}
    assert in_context(settings, verify_chain) is None


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit SET actor = 'nobody' WHERE target = 'c'",
        "UPDATE audit SET outcome = 'failed' WHERE target = 'c'",
        """UPDATE audit SET details = '{"a": 1}' WHERE target = 'c'""",
        "UPDATE audit SET at = '2001-01-01 00:00:00' WHERE target = 'c'",
        f"UPDATE audit SET previous_hash = '{'1' * 64}' WHERE target = 'c'",
        f"UPDATE audit SET hash = '{'1' * 64}' WHERE target = 'c'",
        "DELETE FROM audit WHERE target = 'b'",
    ],
)
def test_a_changed_or_removed_row_is_found(settings: Settings, change: str) -> None:
    """TRUST L2: the id of the first row that does not fit is told."""
    write(settings, "a", "b", "c", "d")
    wanted = rows(settings, "SELECT id FROM audit WHERE target = 'c'")[0][0]
    execute(settings, change)
    assert in_context(settings, verify_chain) == wanted


def test_a_chain_without_its_first_row_is_broken(settings: Settings) -> None:
    write(settings, "a", "b")
    execute(settings, "DELETE FROM audit WHERE target = 'a'")
    assert in_context(settings, verify_chain) == rows(settings, "SELECT id FROM audit")[0][0]


def test_the_hash_holds_for_every_text_zone_and_number(settings: Settings) -> None:
    """What comes back from the database is what was hashed, on every dialect."""
    zone = timezone(timedelta(hours=2))
    entry = AuditEntry(
        at=datetime(2026, 11, 21, 12, 0, 0, 120_000, tzinfo=zone),
        event="outcome",
        action="test.write",
        target="Bob's \u2019shelf\u2019 \U0001f4da \x00\n" + "x" * 300,
        actor="b\u00f3b ",
        through="web",
        details={"rows": 3, "share": 0.1, "names": ["\u00e9", "b"], "nothing": None, "z": {"y": True}},
    )
    in_context(settings, record_audit, settings, entry)
    write(settings, "next")
    assert in_context(settings, verify_chain) is None


def test_a_long_chain_is_read_in_pieces(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.audit._BATCH", 2)
    write(settings, *"abcde")
    assert in_context(settings, verify_chain) is None
    execute(settings, "UPDATE audit SET target = 'x' WHERE target = 'e'")
    assert in_context(settings, verify_chain) is not None


def test_an_entry_for_now_names_its_actor() -> None:
    entry = AuditEntry.of(ADMIN, event="intent", action="user.add", target="bob")
    assert (entry.actor, entry.through) == ("ada", "cli")
    assert abs(utc_now() - entry.at) < timedelta(seconds=5)
