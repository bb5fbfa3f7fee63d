"""Pipes between the work and a program that runs beside it: bytes flow, nothing lies on a disk.

    written_by:  program in a thread --> pipe --> we read
    read_by:     we write --> pipe --> program in a thread

A program that fails, or whose other end stops, ends both; a cancel ends the program."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import IO

from core.progress import Aside, Operation

Work = Callable[[Operation, IO[bytes]], None]


@contextmanager
def written_by(op: Operation, write: Work) -> Iterator[IO[bytes]]:
    """What `write` writes in another thread, to read from. Raises at the end what `write` raised, which
    comes before what the reader made of it."""
    ours, theirs = os.pipe()
    with _beside(op, write, os.fdopen(theirs, "wb")) as other, os.fdopen(ours, "rb", buffering=0) as end:
        try:
            yield end
        except BaseException:
            other.abandon()
            end.close()  # whoever waits to write more fails now
            other.finish()
            raise
        other.finish()


@contextmanager
def read_by(op: Operation, read: Work) -> Iterator[IO[bytes]]:
    """Where to write what `read` reads in another thread. Raises at the end what `read` raised, which comes
    before a broken pipe."""
    theirs, ours = os.pipe()
    with _beside(op, read, os.fdopen(theirs, "rb", buffering=0)) as other:
        end = os.fdopen(ours, "wb", buffering=0)
        try:
            yield end
        except BrokenPipeError:
            other.finish()  # it says why it stopped reading
            raise
        except BaseException:
            other.abandon()
            with suppress(OSError):
                end.close()
            other.wait()
            raise
        finally:
            with suppress(OSError):
                end.close()
        other.finish()


@contextmanager
def _beside(op: Operation, work: Work, end: IO[bytes]) -> Iterator[_Other]:
    """Run `work` on its end of the pipe in a thread."""
    with ThreadPoolExecutor(1, "pipe") as pool:
        other = _Other(op.aside(), pool, work, end)
        with op.ending(other.aside.end_waits):
            yield other


class _Other:
    """The work in the thread beside ours."""

    def __init__(self, aside: Aside, pool: ThreadPoolExecutor, work: Work, end: IO[bytes]) -> None:
        self.aside = aside
        self._is_abandoned = False
        self._error: BaseException | None = None  # by which it failed of itself
        self._future = pool.submit(self._run, work, end)

    def abandon(self) -> None:
        """End it: what it raises from now on is of no interest."""
        self._is_abandoned = True
        self.aside.abandon()

    def wait(self) -> BaseException | None:
        """Wait for its end, and give what it raised."""
        error = self._future.exception()
        self.aside.pass_on()
        return self._error if self._is_abandoned else error

    def finish(self) -> None:
        """Wait for its end. Raises what it raised of itself."""
        if error := self.wait():
            raise error

    def _run(self, work: Work, end: IO[bytes]) -> None:
        with end:  # closed last: whoever comes to its end finds the error there
            try:
                work(self.aside, end)
            except BaseException as error:
                self._error = None if self._is_abandoned else error
                raise
