"""A backup brought back by what its recovery sheet says and nothing of ours: age, zstd and the server's own
programs (TRUST K5)."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import pytest

from core.connection import parse_url
from core.naming import new_id
from core.progress import Operation
from database.adapters.backup import Means
from database.adapters.backup_adapters import backup_adapter_for
from database.backup_folder import BackupFolder
from database.backups import Order, Taken, take_backup
from database.recovery_sheet import IDENTITY, recovery_sheet
from tests.database.backups.storing import age_keys
from tests.servers import Server, Unavailable, stock_tools
from tests.servers.server import sqlite_path

KEY, RECIPIENT = age_keys()
SCHEMA = (
    "CREATE TABLE customer (id INTEGER PRIMARY KEY, name VARCHAR(40) NOT NULL)",
    "CREATE TABLE purchase (id INTEGER PRIMARY KEY, customer_id INTEGER REFERENCES customer (id), note TEXT)",
    "INSERT INTO customer VALUES (1, 'Ada'), (2, 'Блез'), (3, 'it''s')",
    "INSERT INTO purchase VALUES (1, 1, NULL), (2, 1, 'x'), (3, 3, '\U0001f4be')",
)


@pytest.fixture(scope="module")
def tools() -> str:
    try:
        return ":".join(stock_tools.find())
    except Unavailable as reason:
        pytest.skip(f"age and zstd: {reason}")


@pytest.fixture
def restored_url(server: Server, database_url: str) -> Iterator[str]:
    """Where the sheet restores to; dropped afterwards."""
    name = f"{_name(database_url)}_restored"
    url = urlunsplit(urlsplit(database_url)._replace(path="/" + name))
    yield url
    if server.dialect != "sqlite":
        server.drop_database(url)


@pytest.mark.parametrize("recipient", ["", RECIPIENT], ids=["plain", "age"])
def test_the_sheet_alone_brings_it_back(
    server: Server, database_url: str, restored_url: str, tools: str, tmp_path: Path, recipient: str
) -> None:
    server.execute(database_url, *SCHEMA)
    folder = BackupFolder(tmp_path / "backups")
    taken = take(server, database_url, folder, recipient)
    sheet = recovery_sheet("the backup", taken.manifest)
    assert KEY not in sheet
    (folder.path / IDENTITY).write_text(f"# created by hand\n{KEY}\n")
    run = follow(sheet, folder.path, surroundings(server, database_url, tools, tmp_path))
    assert run.returncode == 0, run.stderr
    assert "OK" in run.stdout and "customer" in run.stdout
    where = str(folder.path / f"{_name(database_url)}_restored.db") if server.dialect == "sqlite" else ""
    parameters = parse_url(f"sqlite:///{where}" if where else restored_url)
    adapter = backup_adapter_for(parameters, parameters, Means(tools_path=server.tools))
    found = adapter.inventory(Operation(), parameters.database, contents=True)
    assert found.tables == taken.manifest.inventory.tables and found.rows == 6


def test_a_file_that_is_not_the_one_that_was_stored_stops_it(
    server: Server, database_url: str, restored_url: str, tools: str, tmp_path: Path
) -> None:
    server.execute(database_url, *SCHEMA)
    folder = BackupFolder(tmp_path / "backups")
    manifest = take(server, database_url, folder, "").manifest
    path = folder.path / manifest.files[-1].name
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    sheet = recovery_sheet("the backup", manifest)
    run = follow(sheet, folder.path, surroundings(server, database_url, tools, tmp_path))
    assert run.returncode and "FAILED" in run.stdout and "customer" not in run.stdout


def take(server: Server, url: str, folder: BackupFolder, recipient: str) -> Taken:
    parameters = parse_url(url)
    adapter = backup_adapter_for(parameters, parameters, Means(tools_path=server.tools))
    order = Order(new_id(), _name(url), "ada", recipient=recipient)
    return take_backup(Operation(), adapter, folder, order)


def follow(sheet: str, folder: Path, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Run its commands as somebody at a shell would, one after the other until one fails."""
    commands = [line[4:] for line in sheet.splitlines() if line.startswith("    ")]
    wanted = [command for command in commands if not command.startswith("apt-get")]
    assert len(commands) - len(wanted) == 1
    return subprocess.run(
        ["bash", "-e", "-c", "\n".join(wanted)],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def surroundings(server: Server, url: str, tools: str, home: Path) -> dict[str, str]:
    """What tells the server's own programs where the server is."""
    parts = urlsplit(url)
    password = unquote(parts.password or "")
    given = {
        "PATH": ":".join(filter(None, (tools, server.tools, os.environ["PATH"]))),
        "HOME": str(home),
        "LANG": "C.UTF-8",
    }
    if server.dialect == "postgresql":
        where = {"PGHOST": parts.hostname or "", "PGPORT": str(parts.port or 5432)}
        given |= where | {"PGUSER": unquote(parts.username or ""), "PGPASSWORD": password}
    elif server.dialect != "sqlite":
        lines = ("[client]", f"host={parts.hostname}", f"port={parts.port or 3306}")
        account = (f"user={unquote(parts.username or '')}", f'password="{password}"')
        (home / ".my.cnf").write_text("\n".join((*lines, *account, "")))
    return given


def _name(url: str) -> str:
    return Path(sqlite_path(url)).stem if url.startswith("sqlite") else urlsplit(url).path.removeprefix("/")
