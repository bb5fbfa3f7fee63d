"""PostgreSQL databases to back up, and what every test does with one."""

from __future__ import annotations

import io
import os
import secrets
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
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
    Opening,
    Place,
    Selection,
    Source,
    Swap,
    name_for,
)
from database.adapters.backup_adapters import backup_adapter_for
from database.manifest import Manifest, differences
from database.pipes import Work, written_by
from tests.servers import Server
from tests.servers.server import connect

ROOT = Path(__file__).parents[3]
SAMPLE_DATA = Path(os.environ.get("SAMPLE_DATA") or ROOT.parent / "shared" / "data")
_SESSIONS = "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '%:' || '{id}'"


@dataclass(frozen=True)
class Taken:
    """A backup as it was taken: the dump, the definitions alone, and what the manifest beside them says."""

    data: bytes
    schema: bytes
    manifest: Manifest

    @property
    def source(self) -> Source:
        """To restore it as what we made."""
        return Source(opening_of(self.data), opening_of(self.schema), self.manifest)

    @property
    def strange(self) -> Source:
        """To restore the dump as what somebody brought along."""
        return Source(opening_of(self.data), is_trusted=False)


@dataclass
class Ground:
    """One server, and the database on it that is live."""

    server: Server
    url: str
    _roles: list[str] = field(default_factory=list)
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
        url = self.url_of(database) if database else self.url
        return self.server.execute(url, *statements)

    def url_of(self, database: str) -> str:
        return f"{self.url.rpartition('/')[0]}/{database}"

    def role(self, stem: str = "t", options: str = "") -> str:
        """A role that goes with the test, by its name."""
        self._roles.append(f"{stem}_{secrets.token_hex(4)}")
        self.run(f"CREATE ROLE {self.server.quoted(self._roles[-1])} {options}")
        return self._roles[-1]

    def account(self, options: str = "") -> ConnectionParameters:
        """A role that may sign in."""
        password = secrets.token_hex(8)
        return replace(
            self.parameters,
            user=self.role(options=f"LOGIN PASSWORD '{password}' {options}"),
            password=password,
        )

    def new_name(self, stem: str = "kept") -> str:
        """A name for one more database, which goes with the test."""
        self._databases.append(f"{stem}_{secrets.token_hex(4)}")
        return self._databases[-1]

    def names(self) -> set[str]:
        """Every database and every role of the server."""
        return  {
            str(name)
            for (name,) in self.server.execute(
                self.server.admin_url, "SELECT datname FROM pg_database UNION SELECT rolname FROM pg_roles"
            )
        }  # fmt: skip

    def op(self, notes: list[str] | None = None, cancelled: Callable[[], bool] = lambda: False) -> Operation:
        """An operation; what is made for it goes with the test. Its notes are kept in `notes`."""

        def hear(event: Event) -> None:
            if isinstance(event, Noted) and notes is not None:
                notes.append(event.message)

        self._ops.append(Operation(hear, cancelled=cancelled))
        return self._ops[-1]

    def restored(
        self, adapter: BackupAdapter, source: Source, op: Operation | None = None, name: str = ""
    ) -> tuple[Place, tuple[str, ...]]:
        """A place that holds it, handed over; and what could not be done."""
        op = op or self.op()
        place = adapter.create_place(op, name or name_for("new", op))
        adapter.load(op, source, place)
        return place, adapter.hand_over(op, place, source.manifest)

    def left_of(self, op: Operation) -> list[str]:
        """Databases and roles that were made for it, and "sessions" while some are there."""
        end = time.monotonic() + 5
        while (count := self.run(_SESSIONS.format(id=op.id))[0][0]) and time.monotonic() < end:
            time.sleep(0.05)
        return [name for name in self.names() if op.id in name] + ["sessions"] * bool(count)

    def clear(self) -> None:
        """Drop what the test made; other tests use the same server meanwhile."""
        there = self.names()
        made = {name_for(purpose, op) for op in self._ops for purpose in PURPOSES} & there
        for name in {*made, *self._databases, self.live} & there:
            self.server.execute(
                self.server.admin_url, f"DROP DATABASE IF EXISTS {self.server.quoted(name)} WITH (FORCE)"
            )
        roles = [self.server.quoted(role) for role in (*self._roles, *made)]
        self.server.execute(
            self.server.admin_url, "SELECT 1", *[f"DROP ROLE IF EXISTS {one}" for one in roles]
        )


def opening_of(data: bytes) -> Opening:
    """To read these bytes as often as is wanted."""

    @contextmanager
    def opening() -> Iterator[IO[bytes]]:
        yield io.BytesIO(data)

    return opening


def take(
    adapter: BackupAdapter,
    selection: Selection | None = None,
    op: Operation | None = None,
    at_first: Callable[[], object] = lambda: None,
) -> Taken:
    """A backup: dump and inventory out of one snapshot and at the same time, as they are taken. `at_first` is
    called when the first bytes of the dump have come."""
    op, selection = op or Operation(), selection or Selection()
    data, schema = io.BytesIO(), io.BytesIO()
    with adapter.snapshot(op, selection) as snapshot, ThreadPoolExecutor(1) as pool:
        counted = pool.submit(snapshot.inventory, op.aside(), contents=True)
        _into(data, op, snapshot.dump, at_first)
        _into(schema, op, lambda aside, out: (snapshot.dump_schema(aside, out), None)[1])
        inventory = counted.result()
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
        selection=selection.names,
        warnings=snapshot.warnings,
        roles=snapshot.roles,
    )
    return Taken(data.getvalue(), schema.getvalue(), manifest)


def _into(out: io.BytesIO, op: Operation, write: Work, at_first: Callable[[], object] = lambda: None) -> None:
    with written_by(op, write) as end:
        out.write(end.read(1 << 12))
        at_first()
        while part := end.read(1 << 16):
            out.write(part)


def unlike(adapter: BackupAdapter, name: str, manifest: Manifest) -> tuple[str, ...]:
    """The differences of the database of that name, () for none."""
    return differences(manifest.inventory, adapter.inventory(Operation(), name, contents=True))


def text_of(ground: Ground, name: str) -> list[str]:
    """All of a database as pg_dump writes it, its own name left out: no inventory has a part in that."""
    address = ground.parameters
    said = subprocess.run(
        [f"{ground.server.tools}/pg_dump", "--create", "-h", address.host, "-p", str(address.port)]
        + ["-U", address.user, "-d", name, "-w"],
        env={"PGPASSWORD": address.password},
        capture_output=True,
        check=True,
    )
    text = said.stdout.decode(errors="surrogateescape").replace(name, "itself")
    return sorted(
        line for line in text.splitlines() if not line.startswith(("--", "\\restrict", "\\unrestrict"))
    )


def swap_for(adapter: BackupAdapter, new: str, kept: str) -> Swap:
    live = adapter.database.database
    return Swap(live, new, kept, adapter.identity(live), adapter.identity(new))


@contextmanager
def at_failpoints(listener: Callable[[str], None]) -> Iterator[None]:
    """`listener` hears where the work comes to."""
    failpoints.listen(listener)
    try:
        yield
    finally:
        failpoints._listeners.remove(listener)


@contextmanager
def session_in(url: str) -> Iterator[Callable[[str], None]]:
    """Somebody else's session, which runs what it is given."""
    connection = connect(url)
    try:
        with connection.cursor() as cursor:
            yield cursor.execute
    finally:
        connection.close()


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    """Another process, which runs `code` with these arguments and says things in lines."""
    return subprocess.Popen(
        [sys.executable, "-u", "-c", code, *map(str, arguments)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def script(folder: Path, program: str, text: str) -> str:
    """A folder with a script under the name of that program, and no other one."""
    path = folder / "bin" / program
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(stat.S_IRWXU)
    return str(path.parent)


def wrapped(ground: Ground, folder: Path, program: str, first: str) -> Means:
    """With the real program, which does something else first."""
    real = f"{ground.server.tools}/{program}"
    text = f"""[ "$1" = --version ] || {{ {first}; }}; exec '{real}' "$@" """
    return replace(ground.means, tools_path=f"{script(folder, program, text)}:{ground.server.tools}")
