"""One private server process: started on a free port, watched till ready, and never left behind."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.cache import Unavailable
from tests.servers.servant import servant, server_environment

_READY_SECONDS = 60.0
_STOP_SECONDS = 20.0

# A shell that holds the reading end of a pipe of ours: when we end, however we end, it sees the end of the
# pipe and takes the server and its folder away. It asks first whether the number still is that server's: one
# that died long ago may have left it to a stranger. SIGQUIT, so that PostgreSQL frees its shared memory.
_GUARD = """
read _
case $(readlink "/proc/$1/cwd") in
  "$2"*) kill -s QUIT "$1"; sleep 1; kill -s KILL -- "-$1" ;;
esac
rm -rf -- "$2"
"""


def free_port() -> int:
    """A TCP port that the kernel says is free on the loopback address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class ServerProcess:
    """A server on `port` with its data in `home`; `is_ready` is True once it takes connections.
    `polite` asks it to stop, `last` ends it when its data is of no more use."""

    argv: list[str]
    home: Path
    is_ready: Callable[[], bool]
    polite: signal.Signals
    last: signal.Signals
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _guard: subprocess.Popen[bytes] | None = field(default=None, init=False)

    def start(self) -> None:
        """Start and wait until it answers. Raises Unavailable with the last words of its log."""
        uid, gid = servant() or (None, None)
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self.argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self.home,
                env=server_environment(), start_new_session=True,
                user=uid, group=gid, extra_groups=None if uid is None else [],
            )  # fmt: skip
        self._guard = subprocess.Popen(
            ["sh", "-c", _GUARD, "sh", str(self._process.pid), str(self.home)],
            stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True,
        )  # fmt: skip
        self._wait_ready()

    def stop(self) -> None:
        """End it in an orderly way; its data stays."""
        self._end(self.polite)

    def kill(self) -> None:
        """End it as a crash would; its data stays as it was that moment."""
        self._end(signal.SIGKILL)

    def pause(self) -> None:
        """Let it hang: it accepts connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after a pause."""
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End it the quickest way and delete its folder."""
        self._end(self.last)
        shutil.rmtree(self.home, ignore_errors=True)

    def _wait_ready(self) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        while not self.is_ready():
            if self._process is None or self._process.poll() is not None or time.monotonic() > deadline:
                said = (self.home / "log").read_text(errors="replace").strip().splitlines()
                self._end(signal.SIGKILL)
                raise Unavailable(f"it did not start: {' / '.join(said[-3:])}")
            time.sleep(0.03)

    def _end(self, how: signal.Signals) -> None:
        if self._process is None:
            return
        self.resume()
        self._signal(how)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._signal(signal.SIGKILL)
            self._process.wait()
        self._process = None
        self._dismiss_guard()

    def _dismiss_guard(self) -> None:
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()
            if self._guard.stdin is not None:
                self._guard.stdin.close()
            self._guard = None

    def _signal(self, number: signal.Signals) -> None:
        """Signal the server; one that it cannot refuse goes to its children too, which may have a group of
        their own (PostgreSQL's have)."""
        if self._process is None or self._process.poll() is not None:
            return
        everyone = number in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT)
        pids = [self._process.pid, *(_children(self._process.pid) if everyone else [])]
        for pid in pids:
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue


def _children(pid: int) -> list[int]:
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(word) for word in listed.read_text().split()] if listed.exists() else []
