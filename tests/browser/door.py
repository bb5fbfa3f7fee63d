"""`python app.py` with a worker that also knows the features of the tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT))

from core.settings import Settings  # noqa: E402 - the path comes first


@contextmanager
def worker_of_tests(settings: Settings) -> Iterator[None]:
    """Work for the console while the context lasts."""
    from jobs.catalogue import CATALOGUE
    from jobs.worker import Worker
    from tests.browser.features import take_walk

    worker = Worker(settings, {**CATALOGUE, take_walk.declaration.kind: take_walk})
    worker.start()
    try:
        yield
    finally:
        worker.stop()


if __name__ == "__main__":
    from web.starting import main

    main(worker_of_tests)
