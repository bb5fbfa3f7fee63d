"""Work that ends as by kill -9 at one of its steps, what a worker does after, and how everything has to look
then."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import select

from core import failpoints
from core.progress import Feature
from core.settings import Settings
from database.backup_folder import BackupFolder
from database.context import application_context
from database.transactions import transaction
from features.backup_rows import BackupFacts, name_of
from features.backups import list_backups
from jobs.backup_chores import clear_leftovers
from jobs.catalogue import CATALOGUE
from models import Backup, OperationRecord, TargetLock
from operations.audit_chain import verify_chain
from operations.performing import perform
from operations.reaper import reap
from operations.runner import Runner, in_context
from tests.features.backing import left_behind
from tests.features.restoring import ADMIN
from tests.rounds import ROUNDS


def reached(shop: Settings, feature: Feature[..., Any], *args: Any, **kwargs: Any) -> int:
    """How many steps the work comes by when nothing happens."""
    count = 0

    def hear(_: str) -> None:
        nonlocal count
        count += 1

    with listening(hear):
        Runner(ADMIN, shop).run(feature, *args, **kwargs)
    assert count > 1
    return count


def sample(steps: int) -> range:
    """Steps all over the way, as many as there are rounds."""
    return range(1, steps + 1, max(1, steps // ROUNDS))


@contextmanager
def listening(hear: Callable[[str], None]) -> Iterator[None]:
    failpoints.listen(hear)
    try:
        yield
    finally:
        failpoints._listeners.remove(hear)


def killed_at(shop: Settings, id: str, number: int) -> None:
    """Perform the operation in a process that ends as by kill -9 at that step."""
    pid = os.fork()
    if not pid:
        left = number

        def end(_: str) -> None:
            nonlocal left
            left -= 1
            if not left:
                os.kill(os.getpid(), signal.SIGKILL)

        try:
            failpoints.listen(end)
            perform(shop, CATALOGUE, id)
        finally:
            os._exit(0)  # nothing of the test's process is cleaned up here
    os.waitpid(pid, 0)


def finish(shop: Settings) -> None:
    """What a worker does: take over what is dead, perform what waits, clear away the rest."""
    for _ in range(2):
        in_context(shop, reap, shop)
        with application_context(shop), transaction() as session:
            waiting = session.scalars(
                select(OperationRecord.id).where(OperationRecord.state == "queued")
            ).all()
        for id in waiting:
            perform(shop, CATALOGUE, id)
    in_context(shop, clear_leftovers, shop)


def state(shop: Settings, id: str) -> tuple[str, int]:
    with application_context(shop), transaction() as session:
        row = session.get_one(OperationRecord, id)
        return row.state, row.attempt


def backups(shop: Settings) -> tuple[BackupFacts, ...]:
    with application_context(shop):
        return list_backups(limit=200).backups


def assert_in_order(shop: Settings) -> None:
    """Rows and files are the same, nothing else is there, nobody holds anything, the audit is whole."""
    folder = BackupFolder(shop.backup_dir)
    there = {file.name for file in folder.list()}
    with application_context(shop), transaction() as session:
        rows = session.scalars(select(Backup).where(Backup.removed_at.is_(None))).all()
        assert {row.file for row in rows} <= there
        assert {name_of(name) for name in there} == {name_of(row.file) for row in rows}
        assert not session.scalars(select(TargetLock)).all()
    assert not [path.name for path in shop.backup_dir.iterdir() if path.name.endswith(".part")]
    assert not left_behind(shop)
    assert in_context(shop, verify_chain).fault is None
