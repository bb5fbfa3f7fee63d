"""Operations whose worker is killed at a failpoint, and whoever comes after."""

from __future__ import annotations

import os
import random
import resource
import signal
from collections.abc import Callable

import pytest

from core import failpoints
from core.errors import AppError
from core.settings import Settings
from features.replacements import settle_replacement, unsettled_replacements
from jobs.backup_chores import clear_leftovers
from jobs.catalogue import CATALOGUE
from operations.audit_chain import verify_chain
from operations.performing import perform
from operations.reaper import reap
from operations.runner import in_context
from operations.store import read_operation
from tests.features.restoring import leftovers, run
from tests.operations.support import rows
from tests.rounds import ROUNDS


def points_of(work: Callable[[], object], monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The failpoints that `work` comes to, in order."""
    seen: list[str] = []
    with monkeypatch.context() as patch:
        patch.setattr(failpoints, "_listeners", [seen.append])
        work()
    return seen


def chosen(points: list[str]) -> list[int]:
    """The numbers of those at which this run kills: all of them when there are rounds enough."""
    numbers = range(1, len(points) + 1)
    swaps = [number for number in numbers if points[number - 1].startswith(("swap.", "restore."))]
    wanted = min(max(1, ROUNDS // 3), len(swaps)) if ROUNDS < 20 else len(points)
    return sorted(random.sample(swaps if ROUNDS < 20 else list(numbers), wanted))


def killed(settings: Settings, id: str, number: int) -> None:
    """Perform the operation in a process of its own that ends as by kill -9 at its n-th failpoint."""
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
        return
    left = number

    def hear(_: str) -> None:
        nonlocal left
        left -= 1
        if not left:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        failpoints._listeners[:] = [hear]
        perform(settings, CATALOGUE, id)
    finally:
        os._exit(0)


def come_after(settings: Settings) -> None:
    """What a worker does: take over what is dead, perform what waits, settle what was cut off, clear away."""
    for _ in range(2):
        in_context(settings, reap, settings)
        for (id,) in rows(settings, "SELECT id FROM operation WHERE state = 'queued'"):
            perform(settings, CATALOGUE, str(id))
    for replacement, database in in_context(settings, unsettled_replacements):
        run(settings, settle_replacement, replacement, database)
    in_context(settings, clear_leftovers, settings)


def check_end(settings: Settings, id: str, point: str, *states: str, database: str = "shop") -> str:
    """Nothing is left of it, and its row tells an end; gives that."""
    row = in_context(settings, read_operation, id)
    state = str(row.state)
    assert state in states, (state, row.error_message, row.phase, point)
    assert not (left := leftovers(settings, database)), (point, left)
    assert not rows(settings, "SELECT * FROM target_lock")
    assert not rows(settings, "SELECT * FROM replacement WHERE state = 'prepared'")
    assert in_context(settings, verify_chain).fault is None
    assert not list(settings.backup_dir.glob("*.part"))
    return state


def in_child(work: Callable[[], object], limit: int) -> str:
    """What it says when it fails in a process whose files may not grow past so many bytes."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
            work()
        except AppError as error:
            os.write(theirs, str(error).encode()[:4000])
        finally:
            os._exit(0)
    os.close(theirs)
    os.waitpid(pid, 0)
    with os.fdopen(ours) as said:
        return said.read()
