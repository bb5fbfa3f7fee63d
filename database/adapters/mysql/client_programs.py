"""Which dump and client programs of those on this machine fit, and how they are started: where to connect,
the password and the database in a file that is their first option (TRUST D2, K2, B9, X2)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from core.connection import ConnectionParameters, TlsMode
from core.errors import BackupIncompatible, InvalidInput, ToolFailed
from core.progress import Operation
from database.adapters.backup import Means
from database.adapters.base import ServerVersion
from database.adapters.mysql.flavour import Flavour
from database.addresses import address_to_dial
from database.secret_files import secret_file
from database.tools import Tool, find_tools, missing, run_tool, version_said

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b"}
_LONGEST_LINE = 4000  # bytes; the programs read no more of one


@dataclass(frozen=True)
class Program:
    """A program that is there, and how it signs in."""

    tool: Tool
    path: Path
    version: tuple[int, ...]
    flavour: Flavour

    def __str__(self) -> str:
        return f"{self.tool.program} {'.'.join(map(str, self.version))}"

    def run(
        self,
        op: Operation,
        parameters: ConnectionParameters,
        means: Means,
        arguments: list[str],
        *,
        stdin: IO[bytes] | None = None,
        stdout: IO[bytes] | None = None,
    ) -> None:
        """Run it to its end, signed in as `parameters`. One that moves no byte for `means.command_timeout`
        is ended. Raises ToolFailed, OperationCancelled."""
        with _options(self.flavour, parameters, means) as file:
            run_tool(
                op,
                self.tool,
                [f"--defaults-file={file}", *arguments],
                secrets=[parameters.password],
                stdin=stdin,
                stdout=stdout,
                idle=means.command_timeout,
                tools_path=str(self.path.parent),
            )


def dump_program(op: Operation, means: Means, flavour: Flavour, server: ServerVersion) -> Program:
    """The dump program for that server: of its version, or else the nearest above. Raises ToolMissing,
    BackupIncompatible."""
    return _nearest(op, means, flavour, flavour.dump_tool, server)


def client_program(op: Operation, means: Means, flavour: Flavour, server: ServerVersion) -> Program:
    """The client program for that server, chosen as the dump program is. Raises ToolMissing,
    BackupIncompatible."""
    return _nearest(op, means, flavour, flavour.client_tool, server)


def _nearest(op: Operation, means: Means, flavour: Flavour, tool: Tool, server: ServerVersion) -> Program:
    there = [(path, _version(op, tool, path, flavour)) for path in find_tools(tool, means.tools_path)]
    if not there:
        raise missing(tool)
    wanted = server.numbers[:2]
    fit = [Program(tool, path, version, flavour) for path, version in there if version[:2] >= wanted]
    if not fit:
        numbers = ", ".join(sorted({".".join(map(str, version)) for _, version in there if version}))
        found = f"there is {numbers}" if numbers else "what is there is of another make"
        raise BackupIncompatible(
            f"No {tool.program} here fits {server}: {found}.",
            hint=f"Install that of {server.product} {'.'.join(map(str, wanted))}, or name its folder in "
            "CLIENT_TOOLS_PATH.",
        )
    return min(fit, key=lambda one: one.version)


def _version(op: Operation, tool: Tool, path: Path, flavour: Flavour) -> tuple[int, ...]:
    try:
        return flavour.version_in(version_said(op, tool, path))
    except ToolFailed:
        return ()  # it does not run here


@contextmanager
def _options(flavour: Flavour, parameters: ConnectionParameters, means: Means) -> Iterator[Path]:
    """An option file for the one run."""
    # Whoever proves the server by its name has to dial it by that; others dial the address that was checked.
    address = address_to_dial(parameters, means.connect_timeout)
    if parameters.tls_mode in (TlsMode.VERIFY_CA, TlsMode.VERIFY_FULL):
        address = ""
    client = {
        "protocol": "TCP",
        "host": address or parameters.host,
        "port": str(parameters.port),
        "user": parameters.user,
        "password": parameters.password,
        **flavour.tls_options(parameters),
    }
    text = _section("client", client) + _section("mysql", {"database": parameters.database})
    with secret_file(text) as file:
        yield file


def _section(name: str, options: dict[str, str]) -> str:
    lines = [f"{key}={_quoted(value)}" for key, value in options.items() if value or key == "password"]
    if any(len(line.encode()) > _LONGEST_LINE for line in lines):
        raise InvalidInput("A field of the connection is too long for the client programs.")
    return "\n".join([f"[{name}]", *lines, ""])


def _quoted(value: str) -> str:
    if "\0" in value:
        raise InvalidInput("A field of the connection holds a character that no server takes.")
    return '"' + "".join(_ESCAPES.get(char, char) for char in value) + '"'
