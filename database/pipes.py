"""Pipes between the work and a program that runs beside it: bytes flow, nothing lies on a disk.

    written_by:  program in a thread --> pipe --> we read
    read_by:     we write --> pipe --> program in a thread

A program that fails, or whose other end stops, ends both; a cancel ends the program."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO

from core.progress import Aside, Operation

Work = Callable[[Operation, IO[bytes]], None]


@contextmanager
def written_by(op: Operation, write: Work) -> Iterator[IO[bytes]]:
    """What `write` writes in another thread, to read from. Raises at the end what `write` raised, which
    comes before what the reader made of it."""
    ours, theirs = os.pipe()
    with _beside(op, write, os.fdopen(theirs, "wb")) as finish, os.fdopen(ours, "rb", buffering=0) as end:
        try:
            yield end
        except BaseException:
            end.close()
            finish(abandoned=True)
            raise
        finish(abandoned=False)


@contextmanager
def read_by(op: Operation, read: Work) -> Iterator[IO[bytes]]:
    """Where to write what `read` reads in another thread. Raises at the end what `read` raised, which comes
    before a broken pipe."""
    theirs, ours = os.pipe()
    with _beside(op, read, os.fdopen(theirs, "rb", buffering=0)) as finish:
        end = os.fdopen(ours, "wb", buffering=0)
        try:
            yield end
        except BrokenPipeError:
            finish(abandoned=False)  # it says why it stopped reading
            raise
        except BaseException:
            with suppress(OSError):
                end.close()
            finish(abandoned=True)
            raise
        finally:
            with suppress(OSError):
                end.close()
        finish(abandoned=False)


@contextmanager
def _beside(op: Operation, work: Work, end: IO[bytes]) -> Iterator[Callable[..., None]]:
    """Run `work` on its end of the pipe in a thread; what is given waits for it."""
    aside = op.aside()

    def run() -> None:
        with end:
            work(aside, end)

    with ThreadPoolExecutor(1, "pipe") as pool, op.ending(aside.end_waits):
        future = pool.submit(run)
        yield lambda *, abandoned: _finish(aside, future, abandoned)


def _finish(aside: Aside, future: Future[None], abandoned: bool) -> None:
    if abandoned:
        aside.abandon()
    error = future.exception()
    aside.pass_on()
    if error and not abandoned:
        raise error
