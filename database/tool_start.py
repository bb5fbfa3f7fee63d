"""Becomes the program it is told to, after tying that one's life to whoever started it: the first thing that
runs in a child process (TRUST X7). A file of its own, run by a fresh interpreter.

Between the fork and the program no code of a process with threads may run: a lock that another thread held
then is held for ever. So nothing is done there (`preexec_fn` stays away, and the parent is not even copied),
and what is left to do is done here, in a process with one thread. `setpriv` of util-linux does the same, but
is not on every Linux, and leaves a moment in which the parent may have died unseen."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys

CANNOT_START = 126  # the exit code that shells give for a program which is there and does not run
_PARENT_DEATH_SIGNAL, _NO_NEW_PRIVILEGES = 1, 38  # PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS of <linux/prctl.h>


def start(parent: int, program: str, arguments: list[str]) -> None:
    """Run `program` in the place of this process. It is killed when the thread that started it ends, gains
    no privileges, and leaves no memory behind in a file when it crashes."""
    if sys.platform == "linux":
        control = ctypes.CDLL(None).prctl
        control(_PARENT_DEATH_SIGNAL, signal.SIGKILL, 0, 0, 0)
        control(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if os.getppid() != parent:
        sys.exit(CANNOT_START)  # it died before it could be told to take us with it
    try:
        os.execv(program, [program, *arguments])
    except OSError as error:
        sys.stderr.write(f"It cannot be started: {error.strerror}\n")
        sys.exit(CANNOT_START)


if __name__ == "__main__":
    start(int(sys.argv[1]), sys.argv[2], sys.argv[3:])
