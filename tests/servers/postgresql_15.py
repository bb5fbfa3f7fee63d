"""A private PostgreSQL 15, the one of Debian 12: installed, or unpacked from the machine's packages and never
installed. The main tests run on a newer one; backups must also come from and go to this."""

from __future__ import annotations

import secrets
import shutil
import signal
from pathlib import Path

from tests.servers import postgresql
from tests.servers.cache import Unavailable, build_once, run_folder
from tests.servers.debs import system_release, unpack_packages
from tests.servers.process import ServerProcess, free_port
from tests.servers.servant import give_to_servant, run_as_servant
from tests.servers.server import Server, read_version

_FOLDER = "usr/lib/postgresql/15/bin"
_PROGRAMS = ("postgres", "initdb", "pg_dump", "pg_restore")
_PACKAGES = ("postgresql-15", "postgresql-client-15")
_TEMPLATE = "template-postgresql-15-1"  # the number changes when initdb's options do


def fetch() -> Path:
    """The folder of its programs. Raises Unavailable."""
    installed = Path("/", _FOLDER)
    if all((installed / program).exists() for program in _PROGRAMS):
        return installed
    release = system_release().get("VERSION_CODENAME", "unknown")
    return build_once(f"postgresql-15-{release}", _unpack) / "programs"


def start() -> tuple[ServerProcess, Server]:
    """A new server with data of its own. Raises Unavailable."""
    programs = fetch()
    template = build_once(_TEMPLATE, lambda folder: _initialise(programs, folder))
    home, port = run_folder("postgresql"), free_port()
    shutil.copytree(template / "data", home / "data")
    give_to_servant(home)
    url = f"postgresql://postgres:{(template / 'password').read_text()}@127.0.0.1:{port}/postgres"
    argv = [str(programs / "postgres"), "-D", str(home / "data"), "-p", str(port)]
    for name, value in postgresql.SETTINGS.items():
        argv += ["-c", f"{name}={value}"]
    process = ServerProcess(argv, home, lambda: postgresql.answers(url), signal.SIGINT, signal.SIGQUIT)
    process.start()
    return process, Server("postgresql", read_version(url), url, str(programs))


def _unpack(folder: Path) -> None:
    """With scripts that name the packages' own libraries: each program may start another."""
    unpack_packages(folder, _PACKAGES)
    real = folder / _FOLDER
    if not (real / "postgres").exists():
        raise Unavailable("the packages hold no postgres")
    (folder / "programs").mkdir()
    for program in _PROGRAMS:
        script = folder / "programs" / program
        script.write_text(
            '#!/bin/sh\nroot=$(cd "$(dirname "$0")/.." && pwd)\n'
            'export LD_LIBRARY_PATH="$(echo "$root"/usr/lib/*-linux-gnu)"\n'
            f'exec "$root/{_FOLDER}/{program}" "$@"\n'
        )
        script.chmod(0o755)


def _initialise(programs: Path, folder: Path) -> None:
    password = folder / "password"
    password.write_text(secrets.token_hex(12))
    password.chmod(0o600)
    give_to_servant(folder)
    run_as_servant(
        [str(programs / "initdb"), "-D", str(folder / "data"), "-U", "postgres", f"--pwfile={password}"]
        + ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--wal-segsize=4", "--no-sync"]
    )
