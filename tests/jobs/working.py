"""Workers as processes of their own, and operations for them. Run as a program it is a worker that knows the
features of these tests."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from core.settings import Settings, load_settings
from operations.runner import Runner
from tests.operations.support import ADMIN, CATALOGUE, count_to, rows

ROOT = Path(__file__).parents[2]
COMMAND = [sys.executable, "-m", "tests.jobs.working"]
READY = "rings by"
ENDS = ("succeeded", "failed", "interrupted", "cancelled")


def queue_counts(settings: Settings, *names: str, limit: int = 3, pause: float = 0.0) -> list[str]:
    """Queue `count_to` on each name; the ids of the operations."""
    runner = Runner(ADMIN, settings)
    return [runner.submit(count_to, name, limit, pause) for name in names]


def wait_for_ends(settings: Settings, ids: Iterable[str], seconds: float) -> None:
    """Fails unless each of `ids` succeeds within `seconds`."""
    deadline = time.monotonic() + seconds
    wanted = set(ids)
    found: list[tuple[str, ...]] = []
    while time.monotonic() < deadline:
        found = [
            row
            for row in rows(settings, "SELECT id, state, error_message FROM operation")
            if row[0] in wanted
        ]
        if {row[1] for row in found} <= set(ENDS):
            break
        time.sleep(0.1)
    assert {row[0] for row in found if row[1] == "succeeded"} == wanted, found


@contextmanager
def worker_process(
    folder: Path, command: Sequence[str] = COMMAND, **variables: str
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """A worker that is ready, killed at the end if it still runs, and the file of what it says."""
    said = folder / f"said-{time.monotonic_ns()}"
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PYTHONPATH": str(ROOT), **variables}
    with said.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for_words(process, said, READY)
        yield process, said
    finally:
        process.kill()
        process.wait()


def wait_for_words(process: subprocess.Popen[bytes], said: Path, words: str) -> None:
    """Fails unless the process says `words` within half a minute."""
    deadline = time.monotonic() + 30
    while words not in said.read_text():
        assert process.poll() is None and time.monotonic() < deadline, said.read_text()
        time.sleep(0.05)


def main() -> None:
    """Work until SIGTERM."""
    from core.log import configure_logging
    from jobs.worker import Worker

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = load_settings()
    configure_logging(settings, service=True)
    worker = Worker(settings, CATALOGUE)
    logging.getLogger("basekeeper.worker").info("Works, rings by %s", worker.place)
    worker.run_forever()


if __name__ == "__main__":
    main()
