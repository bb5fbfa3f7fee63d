"""Which pg_dump and pg_restore of those on this machine fits, and how they are started: one quoted option
that says where to connect, the password in a file, no operand (TRUST D2, K2, B9, X2)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.connection import ConnectionParameters
from core.errors import BackupIncompatible, ToolFailed
from core.progress import Operation
from database.adapters.backup import Means
from database.adapters.postgresql.backup_session import application_of
from database.adapters.postgresql.sign_in import password_line, tool_conninfo
from database.addresses import address_to_dial
from database.secret_files import secret_file
from database.tools import Tool, find_tools, missing, run_tool, version_said

OLDEST = 14  # the hash of whole rows came with it, as did pg_read_all_data
# From this major version on pg_restore begins with a setting that servers before it refuse.
_BARRIER = 17
_DEBIAN = "/usr/lib/postgresql"
_WRAPPER = "pg_wrapper"  # Debian's script of many names, which chooses a version in its own way


@dataclass(frozen=True)
class Client:
    """A client program that is there."""

    tool: Tool
    path: Path
    version: tuple[int, ...]

    @property
    def major(self) -> int:
        """The first number of its version."""
        return self.version[0]

    def __str__(self) -> str:
        return f"{self.tool.program} {'.'.join(map(str, self.version))}"

    def run(
        self,
        op: Operation,
        arguments: list[str],
        *,
        parameters: ConnectionParameters | None = None,
        means: Means,
        stdin: IO[bytes] | None = None,
        stdout: IO[bytes] | None = None,
        is_stream: bool = True,
    ) -> str:
        """Run it to its end, signed in as `parameters` where it shall connect. A stream that stops flowing is
        a fault; a program that builds indexes may be silent for long. Raises ToolFailed."""
        with _signed_in(op, parameters, means, self.major) as where:
            return run_tool(
                op,
                self.tool,
                [*where, *arguments],
                secrets=[parameters.password] if parameters else [],
                stdin=stdin,
                stdout=stdout,
                idle=means.command_timeout if is_stream else None,
                tools_path=str(self.path.parent),
            )


@contextmanager
def _signed_in(
    op: Operation, parameters: ConnectionParameters | None, means: Means, major: int
) -> Iterator[list[str]]:
    if parameters is None:
        yield []
        return
    address = address_to_dial(parameters, means.connect_timeout)
    hidden = secret_file(password_line(parameters)) if parameters.password else nullcontext()
    with hidden as file:
        where = tool_conninfo(
            parameters, means.connect_timeout, application_of(op), address, passfile=file, major=major
        )
        yield ["-w", f"--dbname={where}"]


def clients(op: Operation, tool: Tool, means: Means) -> tuple[Client, ...]:
    """Every one on this machine that runs and says its version, in the order of their folders."""
    debian = sorted(Path(_DEBIAN).glob("*/bin"), reverse=True)
    found = []
    for path in find_tools(tool, means.tools_path, debian):
        if path.resolve().name != _WRAPPER and (version := _version(op, tool, path)):
            found.append(Client(tool, path, version))
    return tuple(found)


def dump_client(op: Operation, means: Means, server: int) -> Client:
    """The pg_dump for a server of that major version: the same, for pg_restore of that version reads what it
    writes, or else the nearest above. Raises ToolMissing, BackupIncompatible."""
    if server < OLDEST:
        raise BackupIncompatible(
            f"PostgreSQL {server} is older than what can be backed up.", hint=f"Use {OLDEST} or later."
        )
    return _best(op, Tool.PG_DUMP, means, server, lambda major: major >= server)


def restore_client(op: Operation, means: Means, server: int, reads: int = 0) -> Client:
    """The pg_restore for a server of that major version that reads archives of pg_dump `reads`: the same as
    the server, or else the nearest that can. Raises ToolMissing, BackupIncompatible."""

    def fits(major: int) -> bool:
        return major >= reads and not (major >= _BARRIER and major > server)

    return _best(op, Tool.PG_RESTORE, means, server, fits, reads)


def reading_client(op: Operation, means: Means, reads: int) -> Client:
    """The pg_restore that decodes archives of pg_dump `reads` without a server. Raises ToolMissing,
    BackupIncompatible."""
    return _best(op, Tool.PG_RESTORE, means, reads, lambda major: major >= reads, reads)


def _best(
    op: Operation, tool: Tool, means: Means, wanted: int, fits: Callable[[int], bool], reads: int = 0
) -> Client:
    """Of those that fit the one with the nearest major version, of several the newest."""
    there = clients(op, tool, means)
    if not there:
        raise missing(tool)
    usable = [one for one in there if fits(one.major)]
    if not usable:
        versions = ", ".join(sorted({str(one) for one in there}))
        made = f" and what pg_dump {reads} wrote" if reads > wanted else ""
        raise BackupIncompatible(
            f"No {tool.program} here fits PostgreSQL {wanted}{made}: there is {versions}.",
            hint=f"Install postgresql-client-{max(wanted, reads)}, or name its folder in CLIENT_TOOLS_PATH.",
        )
    return min(usable, key=lambda one: (abs(one.major - wanted), [-number for number in one.version]))


def _version(op: Operation, tool: Tool, path: Path) -> tuple[int, ...]:
    """() for one that does not run here."""
    try:
        said = re.search(r"\(PostgreSQL\) (\d+)(?:\.(\d+))?", version_said(op, tool, path))
    except ToolFailed:
        return ()
    return tuple(int(number) for number in said.groups(default="0")) if said else ()
