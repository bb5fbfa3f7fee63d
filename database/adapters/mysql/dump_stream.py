"""The dump program in a thread of its own, and what it writes: its beginning is looked at before anybody asks
for the rest."""

from __future__ import annotations

import os
import select
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import IO

from core.clock import monotonic
from core.errors import ToolFailed
from core.failpoints import failpoint
from core.progress import Operation

END_MARK = b"-- Dump completed"
_BLOCK = 128 * 1024
# What the program writes once it looks at tables; before that it has begun its transaction. It keeps its
# first words back until there are 4096 bytes of them.
_PAST_BEGINNING = (b"\n-- Table structure for", b"\n-- Sequence structure for", b"\n-- Dumping ", END_MARK)
_HEADER = 8192  # bytes after which it is past its beginning whatever they are
_TAIL = 4096

Run = Callable[[Operation, IO[bytes]], None]


class DumpStream:
    """A dump under way."""

    def __init__(self, op: Operation, run: Run, pool: ThreadPoolExecutor) -> None:
        ours, theirs = os.pipe()
        self._end = os.fdopen(ours, "rb", buffering=0)
        self.aside = op.aside()
        self._begun = b""
        self._future = pool.submit(self._run, run, os.fdopen(theirs, "wb"))

    def wait_for_beginning(self, seconds: float) -> bool:
        """Wait until the program looks at its first table; False when it does not within `seconds`. Raises
        what the program raised."""
        end = monotonic() + seconds
        while not self._is_past_beginning():
            if not select.select([self._end], [], [], max(0.0, end - monotonic()))[0]:
                return False
            part = self._end.read(_BLOCK)
            if not part:
                self._future.result()
                return True
            self._begun += part
        return True

    def copy(self, op: Operation, out: IO[bytes]) -> None:
        """Write the whole dump into `out`. Raises what the program raised, and ToolFailed when it ended well
        and its last words are missing (TRUST F19)."""
        with op.ending(self.aside.abandon):
            part, tail = self._begun, b""
            while part or (part := self._end.read(_BLOCK)):
                failpoint("dump.block")
                out.write(part)
                tail = (tail + part)[-_TAIL:]
                part = b""
            self._future.result()
        if not tail.rstrip().rpartition(b"\n")[2].startswith(END_MARK):
            raise ToolFailed("The dump ends before its end, although the program says that all went well.")

    def close(self) -> None:
        """End the program, whatever it is at."""
        self.aside.abandon()
        self._end.close()
        wait([self._future])
        self.aside.pass_on()

    def _is_past_beginning(self) -> bool:
        return len(self._begun) > _HEADER or any(mark in self._begun for mark in _PAST_BEGINNING)

    def _run(self, run: Run, out: IO[bytes]) -> None:
        with out:  # closed last: whoever comes to its end finds the error there
            run(self.aside, out)


@contextmanager
def dump_stream(op: Operation, run: Run) -> Iterator[DumpStream]:
    """Start the program; it is ended with the block, and by a cancel of `op`."""
    with ThreadPoolExecutor(1, "dump") as pool:
        stream = DumpStream(op, run, pool)
        try:
            with op.ending(stream.aside.end_waits):
                yield stream
        finally:
            stream.close()
