"""MySQL and MariaDB databases to back up, and what every test does with one."""

from __future__ import annotations

import io
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import IO

from core import failpoints
from core.connection import ConnectionParameters, parse_url
from core.progress import Event, Noted, Operation
from database.adapters.backup import (
    PURPOSES,
    BackupAdapter,
    Means,
    Place,
    Selection,
    Source,
    Swap,
    name_for,
)
from database.adapters.backup_adapters import backup_adapter_for
from database.manifest import FactKind, Inventory, Manifest, differences
from tests.servers import Server

ROOT = Path(__file__).parents[3]
SAMPLE_DATA = Path(os.environ.get("SAMPLE_DATA") or ROOT.parent / "shared" / "data")


@dataclass
class Ground:
    """One server, and the database on it that is live."""

    server: Server
    url: str
    _accounts: list[str] = field(default_factory=list)
    _databases: list[str] = field(default_factory=list)
    _ops: list[Operation] = field(default_factory=list)

    @property
    def parameters(self) -> ConnectionParameters:
        return parse_url(self.url)

    @property
    def live(self) -> str:
        return self.parameters.database

    @property
    def means(self) -> Means:
        return Means(tools_path=self.server.tools)

    def adapter(
        self,
        database: ConnectionParameters | None = None,
        keeper: ConnectionParameters | None = None,
        means: Means | None = None,
    ) -> BackupAdapter:
        """Who backs up the live database, as the administrator unless another is named."""
        return backup_adapter_for(database or self.parameters, keeper or self.parameters, means or self.means)

    def run(self, *statements: str, database: str = "") -> list[tuple[object, ...]]:
        """Statements as the administrator, in the live database; the rows of the last one."""
        use = f"USE {self.server.quoted(database or self.live)}"
        return self.server.execute(self.server.admin_url, use, *statements)

    def new_name(self, stem: str) -> str:
        """A name for one more database, which goes with the test."""
        self._databases.append(f"{stem}_{secrets.token_hex(4)}")
        return self._databases[-1]

    def account(self, *grants: str) -> ConnectionParameters:
        """An account with those privileges on the live database: "SELECT, TRIGGER"."""
        user, password = f"t_{secrets.token_hex(5)}", secrets.token_hex(8)
        self._accounts.append(user)
        where = self.server.quoted(self.live).replace("_", r"\_")
        given = [f"GRANT {grant} ON {where}.* TO {user}" for grant in grants]
        self.run(f"CREATE USER {user} IDENTIFIED BY '{password}'", *given)
        return replace(self.parameters, user=user, password=password)

    def names(self) -> set[str]:
        """Every database of the server."""
        return {str(name) for (name,) in self.run("SHOW DATABASES")}

    def op(self, notes: list[str] | None = None) -> Operation:
        """An operation; what is made for it goes with the test. Its notes are kept in `notes`."""

        def hear(event: Event) -> None:
            if isinstance(event, Noted) and notes is not None:
                notes.append(event.message)

        self._ops.append(Operation(hear))
        return self._ops[-1]

    def restored(
        self, adapter: BackupAdapter, source: Source, op: Operation | None = None, name: str = ""
    ) -> tuple[Place, tuple[str, ...]]:
        """A place that holds it, handed over; and what could not be done."""
        op = op or self.op()
        place = adapter.create_place(op, name or name_for("new", op))
        adapter.load(op, source, place)
        return place, adapter.hand_over(op, place, source.manifest)

    def clear(self) -> None:
        """Drop what the test made; other tests use the same server meanwhile."""
        made = {name_for(purpose, op) for op in self._ops for purpose in PURPOSES}
        there = self.names()
        for name in (one for one in (*self._databases, *made, self.live) if one in there):
            self.server.drop_database(self.url.rpartition("/")[0] + "/" + name)
        users = [f"bk_{letter}_{op.id}" for op in self._ops for letter in "ns"]
        for user in (*users, *self._accounts):
            self.run(f"DROP USER IF EXISTS {user}", database="mysql")


def take(
    adapter: BackupAdapter, selection: Selection | None = None, op: Operation | None = None
) -> tuple[bytes, Manifest]:
    """The dump, and what the manifest beside it would say; both out of one snapshot, as they are taken."""
    op, out = op or Operation(), io.BytesIO()
    with adapter.snapshot(op, selection or Selection()) as snapshot:
        with ThreadPoolExecutor(1) as pool:
            dump = pool.submit(snapshot.dump, op.aside(), out)
            inventory = snapshot.inventory(op.aside(), contents=True)
        dump.result()
    manifest = Manifest(
        id=op.id,
        database="people call it so",
        dialect=str(adapter.database.dialect),
        server=str(snapshot.server),
        server_numbers=snapshot.server.numbers,
        tool=snapshot.tool,
        taken_at=snapshot.taken_at,
        seconds=0.0,
        revision=snapshot.revision,
        is_exact=snapshot.is_exact,
        inventory=inventory,
        files=(),
        warnings=snapshot.warnings,
        roles=snapshot.roles,
    )
    return out.getvalue(), manifest


def source_of(data: bytes, manifest: Manifest | None = None, *, is_trusted: bool = True) -> Source:
    """A backup to read from."""

    @contextmanager
    def opening() -> Iterator[IO[bytes]]:
        yield io.BytesIO(data)

    return Source(opening, manifest=manifest, is_trusted=is_trusted)


def is_equal(adapter: BackupAdapter, name: str, wanted: Inventory) -> tuple[str, ...]:
    """The differences of the database of that name, () for none."""
    return differences(wanted, adapter.inventory(Operation(), name, contents=True))


def without_grants(inventory: Inventory) -> Inventory:
    """All that goes with the tables: grants stay with the name."""
    return replace(inventory, facts=tuple(one for one in inventory.facts if one.kind is not FactKind.GRANT))


def swap_for(adapter: BackupAdapter, new: str, kept: str) -> Swap:
    live = adapter.database.database
    return Swap(live, new, kept, adapter.identity(live), adapter.identity(new))


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process, which runs `code` with these arguments and says things in lines."""
    return subprocess.Popen(
        [sys.executable, "-u", "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def statements_of(path: Path) -> Sequence[str]:
    """The statements of a script, those left out that drop, make or enter a database."""
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(("DROP DATABASE", "CREATE DATABASE", "USE "))]
    return [one for one in "\n".join(kept).split(";\n") if one.strip().strip("*/ ")]


def make_wide(ground: Ground) -> None:
    """Some megabytes, more than any pipe holds."""
    doubled = "INSERT INTO wide SELECT * FROM wide"
    ground.run("CREATE TABLE wide (a text)", "INSERT INTO wide VALUES (repeat('x', 4000))", *[doubled] * 11)


@contextmanager
def at_failpoints(listener: Callable[[str], None]) -> Iterator[None]:
    """While the block lasts `listener` hears where the work has come to."""
    failpoints.listen(listener)
    try:
        yield
    finally:
        failpoints._listeners.remove(listener)


def sessions_of(ground: Ground) -> list[object]:
    """The sessions in the live database, once those that were told to end have had time for it."""
    end = time.monotonic() + 5
    while (left := list(ground.adapter().connected(ground.live))) and time.monotonic() < end:
        time.sleep(0.05)
    return list(left)


def accounts(ground: Ground, op: Operation) -> list[object]:
    """Those made for that operation."""
    return list(ground.run(f"SELECT user FROM mysql.user WHERE user LIKE '%{op.id}'"))
