"""What a private MySQL and a private MariaDB have in common: options, account, start."""

from __future__ import annotations

import secrets
import shutil
import signal
from pathlib import Path

import pymysql

from tests.servers.cache import run_folder
from tests.servers.process import ServerProcess, free_port
from tests.servers.servant import give_to_servant
from tests.servers.server import Server, connect, read_version

_OPTIONS = {
    "bind-address": "127.0.0.1",
    "character-set-server": "utf8mb4",
    "collation-server": "utf8mb4_bin",
    "innodb-flush-log-at-trx-commit": "0",
    "innodb-doublewrite": "0",
    "innodb-buffer-pool-size": "64M",
    "performance-schema": "OFF",
    "max-connections": "200",
    "default-time-zone": "+00:00",
}


def base_options(root: Path, data: Path) -> list[str]:
    """Options that both preparing and running want; --no-defaults comes first or is not understood."""
    return [
        "--no-defaults",
        f"--basedir={root / 'usr'}",
        f"--datadir={data}",
        f"--lc-messages-dir={root / 'usr/share/mysql'}",
        f"--plugin-dir={root / 'usr/lib/mysql/plugin'}",
    ]


def start(
    dialect: str, argv: list[str], root: Path, template: Path, own: list[str]
) -> tuple[ServerProcess, Server]:
    """A new server with a copy of `template` as its data. Raises Unavailable."""
    home, port, password = run_folder(dialect), free_port(), secrets.token_hex(12)
    shutil.copytree(template, home / "data")
    # The account gets its password before the server takes its first connection.
    (home / "init.sql").write_text(f"ALTER USER 'root'@'localhost' IDENTIFIED BY '{password}';\n")
    give_to_servant(home)
    url = f"{dialect}://root:{password}@127.0.0.1:{port}/mysql"
    options = [f"--{name}={value}" for name, value in _OPTIONS.items()]
    places = [
        f"--port={port}",
        f"--socket={home / 's'}",
        f"--pid-file={home / 'pid'}",
        f"--init-file={home / 'init.sql'}",
        # Two servers in one temporary folder can take each other's temporary tables away.
        f"--tmpdir={home}",
    ]
    argv = [*argv, *base_options(root, home / "data"), *places, *options, *own]
    process = ServerProcess(argv, home, lambda: _answers(url), signal.SIGTERM, signal.SIGKILL)
    process.start()
    return process, Server(dialect, read_version(url), url, str(root / "clients"))


def _answers(url: str) -> bool:
    try:
        connect(url).close()
    except pymysql.err.OperationalError:
        return False
    return True
