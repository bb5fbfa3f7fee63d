"""`python -m tests.servers`: fetch the servers the tests want into the cache, or list what it holds."""

from __future__ import annotations

import argparse
import os
import re
import sqlite3
import subprocess
import time

from tests.servers import DIALECTS, Fleet, Missing, Unavailable, available, mariadb, mysql, postgresql
from tests.servers.cache import cache_folder

_MODULES = {"postgresql": postgresql, "mariadb": mariadb, "mysql": mysql}
_VERSION = re.compile(r"(?:Ver |PostgreSQL\) )(\d[\d.]*\d)")


def main() -> int:
    """Run the command; 0 also when a server is missing, for the test run decides whether that matters."""
    parser = argparse.ArgumentParser(prog="python -m tests.servers", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, text in (
        ("fetch", "fetch and prepare what the cache lacks"),
        ("list", "start each and tell its version"),
    ):
        command = commands.add_parser(name, help=text)
        command.add_argument("--servers", default=",".join(DIALECTS), help="which, separated by commas")
    arguments = parser.parse_args()
    wanted = [name for name in arguments.servers.split(",") if name]
    if unknown := [name for name in wanted if name not in DIALECTS]:
        parser.error(f"no such server: {', '.join(unknown)}")
    return {"fetch": _fetch, "list": _list}[arguments.command](wanted)


def _fetch(wanted: list[str]) -> int:
    for dialect in wanted:
        began = time.monotonic()
        try:
            print(f"{dialect:<11} {_prepare(dialect)} ({time.monotonic() - began:.1f} s)", flush=True)
        except (Unavailable, OSError) as error:
            print(f"{dialect:<11} missing: {error}", flush=True)
    return 0


def _prepare(dialect: str) -> str:
    if dialect == "sqlite":
        return f"{sqlite3.sqlite_version}, part of Python"
    if os.environ.get(f"TEST_{dialect.upper()}_URL"):
        return f"named by TEST_{dialect.upper()}_URL"
    module = _MODULES[dialect]
    folder = module.prepare().relative_to(cache_folder())
    said = subprocess.run([*module.program(), "--version"], capture_output=True, text=True, cwd="/").stdout
    version = _VERSION.search(said)
    return f"{version.group(1) if version else said.strip()}, ready in {folder}"


def _list(wanted: list[str]) -> int:
    fleet = Fleet()
    fleet.start(wanted)
    try:
        for dialect in wanted:
            one = available()[dialect]
            print(f"{dialect:<11} " + (f"missing: {one.reason}" if isinstance(one, Missing) else one.version))
    finally:
        fleet.stop()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
