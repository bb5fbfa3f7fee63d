"""`python -m tests.servers`: fetch the servers and the browser of the tests into the cache, or list what it
holds."""

from __future__ import annotations

import argparse
import os
import re
import sqlite3
import subprocess
import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor

from tests.servers import (
    DIALECTS,
    Fleet,
    Missing,
    Unavailable,
    available,
    chromium,
    mariadb,
    mysql,
    postgresql,
)
from tests.servers.cache import cache_folder

_MODULES = {"postgresql": postgresql, "mariadb": mariadb, "mysql": mysql}
_ALL = (*DIALECTS, chromium.NAME)
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
        command.add_argument("--servers", default=",".join(_ALL), help="which, separated by commas")
    arguments = parser.parse_args()
    wanted = [name for name in arguments.servers.split(",") if name]
    if unknown := [name for name in wanted if name not in _ALL]:
        parser.error(f"no such server: {', '.join(unknown)}")
    return {"fetch": _fetch, "list": _list}[arguments.command](wanted)


def _fetch(wanted: list[str]) -> int:
    with ThreadPoolExecutor(len(_ALL)) as pool:
        _print_lines(pool.map(_fetch_one, wanted))
    return 0


def _fetch_one(name: str) -> str:
    began = time.monotonic()
    try:
        return f"{name:<11} {_prepare(name)} ({time.monotonic() - began:.1f} s)"
    except (Unavailable, OSError) as error:
        return f"{name:<11} missing: {error}"


def _prepare(name: str) -> str:
    if name == "sqlite":
        return f"{sqlite3.sqlite_version}, part of Python"
    if name == chromium.NAME:
        found = chromium.find()
        return f"{found.version}, {found.path}"
    if os.environ.get(f"TEST_{name.upper()}_URL"):
        return f"named by TEST_{name.upper()}_URL"
    module = _MODULES[name]
    folder = module.prepare().relative_to(cache_folder())
    said = subprocess.run([*module.program(), "--version"], capture_output=True, text=True, cwd="/").stdout
    version = _VERSION.search(said)
    return f"{version.group(1) if version else said.strip()}, ready in {folder}"


def _list(wanted: list[str]) -> int:
    fleet = Fleet()
    fleet.start([name for name in wanted if name in DIALECTS])
    try:
        _print_lines(map(_describe, wanted))
    finally:
        fleet.stop()
    return 0


def _describe(name: str) -> str:
    if name == chromium.NAME:
        return _fetch_one(name)
    one = available()[name]
    return f"{name:<11} " + (f"missing: {one.reason}" if isinstance(one, Missing) else one.version)


def _print_lines(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
