"""A private MariaDB from the packages of the machine's own release, unpacked and never installed."""

from __future__ import annotations

from pathlib import Path

from tests.servers.cache import build_once
from tests.servers.debs import system_release, unpack_packages
from tests.servers.loader import command, wrap_clients
from tests.servers.mysql_family import base_options
from tests.servers.mysql_family import start as start_family
from tests.servers.process import ServerProcess
from tests.servers.servant import give_to_servant, run_as_servant
from tests.servers.server import Server

_PACKAGES = ("mariadb-server-core", "mariadb-client-core", "mariadb-client")
_CLIENTS = ("mariadb", "mariadb-dump", "mariadb-admin", "mariadb-check", "mariadb-binlog")
_PROGRAM = "usr/sbin/mariadbd"
_TEMPLATE = "template-mariadb-1"  # the number changes when the steps below do
_SMALL = ["--innodb-log-file-size=16M"]
_SCRIPTS = (
    "mysql_system_tables.sql",
    "mysql_performance_tables.sql",
    "mysql_system_tables_data.sql",
    "maria_add_gis_sp_bootstrap.sql",
    "mysql_sys_schema.sql",
)


def fetch() -> Path:
    """The folder with its unpacked packages. Raises Unavailable."""
    return build_once(f"mariadb-{_release()}", _unpack)


def prepare() -> Path:
    """The ready-made data directory. Raises Unavailable."""
    root = fetch()
    return build_once(f"{_TEMPLATE}-{_release()}", lambda folder: _initialise(root, folder)) / "data"


def program() -> list[str]:
    """What to run. Raises Unavailable."""
    return command(fetch(), _PROGRAM)


def start() -> tuple[ServerProcess, Server]:
    """A new server with data of its own. Raises Unavailable."""
    return start_family("mariadb", program(), fetch(), prepare(), _SMALL)


def _release() -> str:
    return system_release().get("VERSION_CODENAME", "unknown")


def _unpack(folder: Path) -> None:
    unpack_packages(folder, _PACKAGES)
    command(folder, _PROGRAM)
    wrap_clients(folder, folder / "clients", _CLIENTS)


def _initialise(root: Path, folder: Path) -> None:
    """What mariadb-install-db does, without the shell script that wants an installed server."""
    data = folder / "data"
    data.mkdir()
    give_to_servant(folder)
    options = [*base_options(root, data), *_SMALL, "--bootstrap", "--log-warnings=0", "--skip-networking"]
    run_as_servant([*command(root, _PROGRAM), *options], text=_system_tables(root))


def _system_tables(root: Path) -> str:
    # A server that is being bootstrapped takes one statement a line.
    texts = ["CREATE DATABASE mysql;", "USE mysql;", "SET @auth_root_socket=NULL;"]
    for name in _SCRIPTS:
        lines = (root / "usr/share/mysql" / name).read_text().splitlines()
        # As in a "cross bootstrap": no account for this machine's name.
        texts.append("\n".join(line for line in lines if "@current_hostname" not in line))
    texts.append("DELETE FROM global_priv WHERE User = '' OR Host <> 'localhost' AND User = 'root';")
    return "\n".join(texts) + "\n"
