"""The only starter of programs (TRUST X1, X3, X7): those of a list, by a list of arguments, with nothing of
our environment, and ended with all they started when the work is cancelled, fails or takes too long.

    we --> database/tool_start.py --> the program     in a session and process group of its own

A secret never is an argument or in the environment: it goes in a file (`secret_file`) that one of them names
(TRUST K2)."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import Enum
from pathlib import Path
from threading import Lock, Thread
from typing import IO

from core.errors import ToolFailed, ToolMissing
from core.progress import Operation
from core.secrets import redact
from core.text import visible
from database import tool_start

_STARTER = Path(tool_start.__file__)
_ENVIRONMENT = {"PATH": os.defpath, "LANG": "C.UTF-8", "HOME": "/nonexistent"}
_KEPT = 64 * 1024  # bytes of what a program last said on standard error
_SAID = 500  # characters of one line that an error repeats
# What the server said tells more than that the program failed, and that more than what it had tried.
_ERRORS = re.compile(r"\b(ERROR|FATAL|PANIC)\b"), re.compile(r"\berror:|\bGot error\b")
_LINES_NOTED = 20  # of the others
_MERCY = 2.0  # seconds between the wish to end and the kill
_VERSION = 30.0  # seconds to say a version
_LOOK = 1.0  # seconds between two looks at what a program has moved


class Tool(Enum):
    """The programs that may be started, each with the Debian package that has it. psql is none of them: it
    goes on after errors (TRUST B11)."""

    PG_DUMP = "pg_dump", "postgresql-client"
    PG_RESTORE = "pg_restore", "postgresql-client"
    MYSQLDUMP = "mysqldump", "default-mysql-client"
    MARIADB_DUMP = "mariadb-dump", "mariadb-client"
    MYSQL = "mysql", "default-mysql-client"
    MARIADB = "mariadb", "mariadb-client"

    @property
    def program(self) -> str:
        """The name of its file."""
        return self.value[0]

    @property
    def package(self) -> str:
        """What to install to have it."""
        return self.value[1]


def find_tool(tool: Tool, tools_path: str | None = None) -> Path:
    """The absolute path of the program: in the folders of `tools_path`, joined by ":", or else in those of
    PATH. Raises ToolMissing."""
    found = shutil.which(tool.program, path=tools_path)
    if found is None:
        raise missing(tool)
    return Path(found).absolute()  # not resolved: some programs look at the name they are called by


def missing(tool: Tool) -> ToolMissing:
    """What to say where there is none."""
    return ToolMissing(f"{tool.program} is not installed.", hint=f"Install the package {tool.package}.")


def find_tools(tool: Tool, tools_path: str = "", more: Sequence[Path] = ()) -> tuple[Path, ...]:
    """Every program of that name: in the folders of `tools_path`, those of PATH, then in `more`."""
    folders = [*tools_path.split(":"), *os.get_exec_path(), *map(str, more)]
    found = [shutil.which(tool.program, path=folder) for folder in dict.fromkeys(folders) if folder]
    return tuple(Path(one).absolute() for one in found if one)


def version_said(op: Operation, tool: Tool, program: Path) -> str:
    """What that program answers to --version. Raises ToolFailed, OperationCancelled."""
    with tempfile.TemporaryFile() as answer:
        run_tool(op, tool, ["--version"], stdout=answer, timeout=_VERSION, tools_path=str(program.parent))
        answer.seek(0)
        return answer.read(_SAID).decode(errors="replace").strip()


def run_tool(
    op: Operation,
    tool: Tool,
    arguments: Sequence[str],
    *,
    environment: Mapping[str, str] | None = None,
    secrets: Sequence[str] = (),
    stdin: IO[bytes] | None = None,
    stdout: IO[bytes] | None = None,
    timeout: float | None = None,
    idle: float | None = None,
    tools_path: str | None = None,
) -> str:
    """Run the program to its end and give what it last said on standard error. `environment` is all it
    gets besides a path, a language and no home; `stdin` and `stdout` are files or ends of pipes, nothing by
    default; `secrets` are hidden in what it says. Raises ToolMissing; ToolFailed for an exit code other than
    0, and after `timeout` seconds, or else `idle` seconds in which it read and wrote nothing;
    OperationCancelled."""
    program = find_tool(tool, tools_path)
    child = _Child(program, arguments, _ENVIRONMENT | dict(environment or {}), stdin, stdout)
    try:
        with op.ending(child.end):
            is_over = child.wait(timeout) if idle is None else child.wait_while_busy(idle)
    finally:
        child.end()
    said = redact(child.said(), *secrets)
    if not is_over:
        late = f"did not end within {timeout:g} s" if idle is None else f"moved no byte for {idle:g} s"
        raise _failed(op, tool, late, said)
    if child.exit_code:
        raise _failed(op, tool, _ending(child.exit_code), said)
    return said


class _Child:
    """One program that runs, with whatever it starts."""

    def __init__(
        self,
        program: Path,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        stdin: IO[bytes] | None,
        stdout: IO[bytes] | None,
    ) -> None:
        self._turn = Lock()
        self._is_ended = False
        self._tail = bytearray()
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_STARTER), str(os.getpid()), str(program), *arguments],
            stdin=stdin or subprocess.DEVNULL,
            stdout=stdout or subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            cwd="/",
            env=environment,
            start_new_session=True,
            umask=0o077,
        )
        self._reader = Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def exit_code(self) -> int:
        """As the system gives it: negative for the signal that ended it."""
        return self._process.returncode

    def wait(self, timeout: float | None) -> bool:
        """Wait for its end; False when it takes longer than `timeout` seconds."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        return self._process.poll() is not None

    def wait_while_busy(self, idle: float) -> bool:
        """Wait for its end; False when it has read and written nothing for `idle` seconds."""
        moved, since = self._moved(), time.monotonic()
        while not self.wait(min(_LOOK, idle)):
            if not (now := self._moved()) or now != moved:  # a system that does not say is believed
                moved, since = now, time.monotonic()
            elif time.monotonic() - since >= idle:
                return False
        return True

    def _moved(self) -> bytes:
        """How much it has read and written until now, in the form the system says it; empty when it does
        not say."""
        with suppress(OSError):
            return Path(f"/proc/{self._process.pid}/io").read_bytes()
        return b""

    def end(self) -> None:
        """End it and all that it started, at first by asking. May be called by any thread, and again."""
        with self._turn:
            if self._is_ended:
                return  # its number may be another's by now
            if self._process.poll() is None:
                self._signal(signal.SIGTERM)
                self.wait(_MERCY)
            self._signal(signal.SIGKILL)  # whoever is left in its group, which keeps the number taken
            self._process.wait()
            self._is_ended = True

    def said(self) -> str:
        """The end of what it said on standard error, once it has ended."""
        self._reader.join(_MERCY)  # what it started and let go of may still hold the other end
        return self._tail.decode(errors="replace")

    def _signal(self, number: int) -> None:
        with suppress(ProcessLookupError, PermissionError):  # nobody is left in its group
            os.killpg(self._process.pid, number)

    def _read(self) -> None:
        assert self._process.stderr
        with self._process.stderr as stream:
            while part := os.read(stream.fileno(), _KEPT):
                self._tail += part
                del self._tail[:-_KEPT]


def _ending(exit_code: int) -> str:
    if exit_code < 0:
        return f"was ended by the signal {signal.Signals(-exit_code).name}"
    return f"ended with exit code {exit_code}"


def _failed(op: Operation, tool: Tool, how: str, said: str) -> ToolFailed:
    lines = [visible(line.strip()) for line in said.splitlines() if line.strip()]
    last = lines[-1] if lines else ""
    telling = next((line for word in _ERRORS for line in lines if word.search(line)), last)
    rest = [line for line in lines if line is not telling]
    for line in rest[-_LINES_NOTED:]:
        op.note(f"{tool.program}: {line}")
    more = "The operation's log has more of what it said." if rest else ""
    error = ToolFailed(f"{tool.program} {how}{f': {telling[:_SAID]}' if telling else '.'}", hint=more)
    error.said = said
    return error
