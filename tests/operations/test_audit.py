"""The chain of audit rows: whole whoever writes at once, and broken by any change (TRUST L1, L2)."""

from __future__ import annotations

import multiprocessing
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from core.clock import utc_now
from core.errors import Conflict
from core.progress import Advanced, Event, Noted, Operation, PhaseStarted
from core.settings import Settings, load_settings
from operations.audit import HEAD_LOST, ORIGIN, AuditEntry, audited, record_audit
from operations.audit_chain import AuditBroken, ChainFault, ChainReport, verify_audit, verify_chain
from operations.runner import Runner, in_context
from tests.operations.support import ADMIN, execute, rows, work_on


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
    assert in_context(settings, verify_chain) == ChainReport(0)


def test_each_row_stands_on_the_one_before(settings: Settings) -> None:
    write(settings, "a", "b", "c")
    chain = rows(settings, "SELECT previous_hash, hash FROM audit ORDER BY id")
    assert [previous for previous, _ in chain] == [ORIGIN, chain[0][1], chain[1][1]]
    assert in_context(settings, verify_chain).fault is None


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
    assert in_context(settings, verify_chain).fault is None


CHANGED, REMOVED = "was changed", "rows between were removed"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE audit SET actor = 'nobody' WHERE target = 'c'", CHANGED),
        ("UPDATE audit SET outcome = 'failed' WHERE target = 'c'", CHANGED),
        ("""UPDATE audit SET details = '{"a": 1}' WHERE target = 'c'""", CHANGED),
        ("UPDATE audit SET at = '2001-01-01 00:00:00' WHERE target = 'c'", CHANGED),
        (f"UPDATE audit SET previous_hash = '{'1' * 64}' WHERE target = 'c'", CHANGED),
        (f"UPDATE audit SET hash = '{'1' * 64}' WHERE target = 'c'", CHANGED),
        ("DELETE FROM audit WHERE target = 'b'", REMOVED),
        ("DELETE FROM audit WHERE target IN ('a', 'b')", REMOVED),
    ],
)
def test_a_changed_or_removed_row_is_found(settings: Settings, change: str, said: str) -> None:
    """TRUST L2: the id of the first row that does not fit is told."""
    write(settings, "a", "b", "c", "d")
    wanted = rows(settings, "SELECT id FROM audit WHERE target = 'c'")[0][0]
    execute(settings, change)
    fault = in_context(settings, verify_chain).fault
    assert fault and fault.row == wanted and said in fault.message


def test_a_row_put_before_the_first_is_found(settings: Settings) -> None:
    """A forged row may have any id that is free."""
    write(settings, "a", "b")
    columns = (
        "at, event, action, target, actor, through, address, operation_id, outcome, details, previous_hash"
    )
    forged = f"SELECT -5, {columns.replace('previous_hash', repr('2' * 64))}, '{'3' * 64}' FROM audit"
    execute(settings, f"INSERT INTO audit (id, {columns}, hash) {forged} WHERE target = 'a'")
    fault = in_context(settings, verify_chain).fault
    assert fault and fault.row == -5


def test_an_audit_that_was_emptied_is_found(settings: Settings) -> None:
    """Its tables are empty and chain well, but operations are there that it should know of."""
    Runner(ADMIN, settings).run(work_on, "shelf")
    execute(settings, "DELETE FROM audit", "DELETE FROM audit_head")
    fault = in_context(settings, verify_chain).fault
    assert fault and "it was emptied" in fault.message
    Runner(ADMIN, settings).run(work_on, "board")
    fault = in_context(settings, verify_chain).fault
    assert fault and "it was emptied" in fault.message


CUT = "The audit lacks 2 rows at its end."
UNFIT = "The end of the audit was changed: it does not fit the newest row."
MISSING = "The end of the audit is missing: nothing tells whether rows were cut off."


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (("DELETE FROM audit WHERE target IN ('c', 'd')",), CUT),
        (("UPDATE audit_head SET entries = 3",), UNFIT),
        (("UPDATE audit_head SET entries = 5",), UNFIT),
        ((f"UPDATE audit_head SET hash = '{'1' * 64}'",), UNFIT),
        (("DELETE FROM audit_head",), MISSING),
    ],
)
def test_what_is_wrong_with_the_end_is_found(settings: Settings, changes: tuple[str], said: str) -> None:
    """TRUST L2: rows cut from the end, and a head that was changed or is missing."""
    write(settings, "a", "b", "c", "d")
    execute(settings, *changes)
    assert in_context(settings, verify_chain).fault == ChainFault(None, said)


def test_who_cuts_the_end_and_its_head_is_told_on_by_the_next_row(settings: Settings) -> None:
    """A new head cannot know what was cut: the entry that says so stays."""
    write(settings, "a", "b", "c", "d")
    execute(settings, "DELETE FROM audit WHERE target IN ('c', 'd')", "DELETE FROM audit_head")
    write(settings, "e", "f")
    assert [one for (one,) in rows(settings, "SELECT action FROM audit ORDER BY id")][2] == HEAD_LOST
    assert rows(settings, "SELECT entries FROM audit_head") == [(5,)]
    report = in_context(settings, verify_chain)
    assert report.entries == 2
    assert report.fault and "may have been cut off there" in report.fault.message


def test_rows_written_while_it_looks_are_no_fault(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("operations.audit_chain._BATCH", 1)
    write(settings, "a", "b")
    op = Operation(lambda event: write(settings, "z") if event == Advanced(2, None) else None)
    assert in_context(settings, verify_chain, op) == ChainReport(3)


def test_the_verification_is_an_operation_that_reports(settings: Settings) -> None:
    """Its progress counts rows; what it finds is its error, and its own rows go on being written."""
    write(settings, "a", "b", "c")
    seen: list[Event] = []
    runner = Runner(ADMIN, settings, seen.append)
    assert runner.run(verify_audit) == ChainReport(4)  # its own intent is one of them
    assert PhaseStarted("Verify the audit", 4, "row") in seen and Advanced(4, 4) in seen
    newest = rows(settings, "SELECT hash FROM audit WHERE action = 'audit.verify' AND event = 'intent'")[0][0]
    notes = [event.message for event in seen if isinstance(event, Noted)]
    assert notes == [f"4 rows, none changed or removed. The newest has the hash {newest}."]
    execute(settings, "DELETE FROM audit WHERE target = 'b'")
    with pytest.raises(AuditBroken, match="does not follow the one before it") as raised:
        runner.run(verify_audit)
    assert (raised.value.exit_code, bool(raised.value.hint)) == (1, True)
    assert rows(settings, "SELECT outcome FROM audit ORDER BY id DESC LIMIT 1") == [("failed",)]


def test_what_is_done_in_place_leaves_intent_and_outcome(settings: Settings) -> None:
    """TRUST L1."""

    def work() -> None:
        with audited(settings, ADMIN, "user.test", "bob"):
            pass
        with pytest.raises(Conflict), audited(settings, ADMIN, "user.test", "eve"):
            raise Conflict()

    in_context(settings, work)
    written = rows(settings, "SELECT target, event, outcome, details FROM audit ORDER BY id")
    assert written == [
        ("bob", "intent", "", "{}"),
        ("bob", "outcome", "succeeded", "{}"),
        ("eve", "intent", "", "{}"),
        ("eve", "outcome", "failed", '{"error": "conflict"}'),
    ]


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
    assert in_context(settings, verify_chain).fault is None


def test_a_long_chain_is_read_in_pieces(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("operations.audit_chain._BATCH", 2)
    write(settings, *"abcde")
    assert in_context(settings, verify_chain).fault is None
    execute(settings, "UPDATE audit SET target = 'x' WHERE target = 'e'")
    assert in_context(settings, verify_chain).fault is not None


def test_an_entry_for_now_names_its_actor() -> None:
    entry = AuditEntry.of(ADMIN, event="intent", action="user.add", target="bob")
    assert (entry.actor, entry.through) == ("ada", "cli")
    assert abs(utc_now() - entry.at) < timedelta(seconds=5)
