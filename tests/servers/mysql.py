"""A private MySQL from Debian unstable's packages, which no stable release has; unpacked, never installed."""

from __future__ import annotations

from pathlib import Path

from tests.servers.cache import build_once
from tests.servers.debs import unpack_packages
from tests.servers.loader import command, wrap_clients
from tests.servers.mysql_family import base_options
from tests.servers.mysql_family import start as start_family
from tests.servers.process import ServerProcess
from tests.servers.servant import give_to_servant, run_as_servant
from tests.servers.server import Server

_SUITE = "unstable"
_PACKAGES = ("mysql-server-core", "mysql-client-core")
_CLIENTS = ("mysql", "mysqldump", "mysqladmin", "mysqlcheck", "mysqlbinlog")
_PROGRAM = "usr/sbin/mysqld"
_TEMPLATE = "template-mysql-1"  # the number changes when the options below do
_SMALL = ["--innodb-redo-log-capacity=16M", "--secure-file-priv=", "--mysqlx=OFF", "--skip-log-bin"]


def fetch() -> Path:
    """The folder with its unpacked packages. Raises Unavailable."""
    return build_once(f"mysql-{_SUITE}", _unpack)


def prepare() -> Path:
    """The ready-made data directory. Raises Unavailable."""
    root = fetch()
    return build_once(f"{_TEMPLATE}-{_SUITE}", lambda folder: _initialise(root, folder)) / "data"


def program() -> list[str]:
    """What to run. Raises Unavailable."""
    return command(fetch(), _PROGRAM)


def start() -> tuple[ServerProcess, Server]:
    """A new server with data of its own. Raises Unavailable."""
    return start_family("mysql", program(), fetch(), prepare(), _SMALL)


def _unpack(folder: Path) -> None:
    unpack_packages(folder, _PACKAGES, _SUITE)
    command(folder, _PROGRAM)
    wrap_clients(folder, folder / "clients", _CLIENTS)


def _initialise(root: Path, folder: Path) -> None:
    data = folder / "data"
    data.mkdir()
    give_to_servant(folder)
    options = [*base_options(root, data), *_SMALL, "--initialize-insecure"]
    run_as_servant([*command(root, _PROGRAM), *options])
