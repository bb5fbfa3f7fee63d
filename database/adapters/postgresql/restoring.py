"""An archive loaded into an empty place, as the account that owns nothing else (TRUST D5): never over what is
there, never by psql, and any statement that fails ends it (TRUST B11).

    with the definitions beside the data:    pre-data --> data, streamed --> post-data, by several at once
    with an archive that came alone:         all of it, streamed"""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass
from typing import IO

from core.connection import ConnectionParameters
from core.errors import BackupIncompatible, PrivilegeMissing, ToolFailed
from core.failpoints import failpoint
from core.progress import Operation
from database.adapters.backup import Means, Opening, Place, Source
from database.adapters.postgresql.archives import (
    Head,
    as_file,
    explained,
    feed,
    list_entries,
    read_head,
)
from database.adapters.postgresql.backup_session import session_of
from database.adapters.postgresql.backup_tools import Client, restore_client
from database.adapters.postgresql.copies import check_tables, finish_copy, prepare_copy
from database.adapters.postgresql.selected import Leaving
from database.secret_files import secret_file

_ALWAYS = ["--exit-on-error", "--no-owner", "--no-acl", "--no-tablespaces", "--no-security-labels"]


@dataclass(frozen=True)
class _Load:
    """One archive on its way into one place."""

    means: Means
    source: Source
    place: Place
    client: Client

    def in_sections(self, op: Operation, definitions: Opening, leaving: Leaving) -> None:
        """The definitions from their own archive, of which a file can be made: it is small."""
        with as_file(definitions) as file, file.open("rb") as archive:
            lines = list_entries(op, self.client, self.means, lambda: nullcontext(archive))
            with secret_file(leaving.chosen(lines)) as wanted:
                rest = [f"--use-list={wanted}", str(file)]
                self._run(op, ["--section=pre-data", *rest], is_stream=False)
                failpoint("restore.definitions_loaded")
                self._stream(op, ["--section=data"])
                failpoint("restore.data_loaded")
                jobs = f"--jobs={max(1, self.means.jobs)}"
                self._run(op, ["--section=post-data", jobs, *rest], is_stream=False)

    def at_once(self, op: Operation, leaving: Leaving) -> None:
        """Everything out of the one stream."""
        lines = list_entries(op, self.client, self.means, self.source.data)
        leaving.check(lines)
        with secret_file(leaving.chosen(lines)) as wanted:
            self._stream(op, [f"--use-list={wanted}"])
        with session_of(self.place.parameters, self.means, op) as session:
            check_tables(session, lines)

    def _stream(self, op: Operation, arguments: list[str]) -> None:
        def read(aside: Operation, stdin: IO[bytes]) -> None:
            # An index that is made in the middle keeps the stream waiting: without a limit.
            self._run(aside, arguments, stdin, is_stream="--section=data" in arguments)

        feed(op, self.source.data, read, op.advance)

    def _run(
        self, op: Operation, arguments: list[str], stdin: IO[bytes] | None = None, *, is_stream: bool
    ) -> None:
        try:
            self.client.run(
                op,
                [*_ALWAYS, *arguments],
                parameters=self.place.parameters,
                means=self.means,
                stdin=stdin,
                is_stream=is_stream,
            )
        except ToolFailed as error:
            raise explained(error) from error


def load(op: Operation, keeper: ConnectionParameters, means: Means, source: Source, place: Place) -> None:
    """As BackupAdapter.load."""
    head = read_head(source.data)
    with session_of(place.parameters, means, op) as session:
        major, extensions = session.major, Leaving.trusted_extensions(session)
    check_age(head, major)
    client = restore_client(op, means, major, head.reads)
    if not source.is_trusted:
        check_floor(client, means)
        if not place.account:
            raise PrivilegeMissing(
                "What was made elsewhere is restored by an account made for that alone.",
                hint="Let the account that makes databases make roles too: ALTER ROLE ... CREATEROLE.",
            )
    elif not place.account:
        op.note(f"It is restored as {place.parameters.user}, which may make no roles.")
    prepare_copy(op, keeper, means, place, source.manifest)
    failpoint("restore.prepared")
    leaving = Leaving(major, source.manifest, extensions)
    one = _Load(means, source, place, client)
    if source.schema:
        one.in_sections(op, source.schema, leaving)
    else:
        one.at_once(op, leaving)
    failpoint("restore.indexes_loaded")
    finish_copy(op, means, place, source.manifest)


def check_age(head: Head, major: int) -> None:
    """Raises BackupIncompatible for what a newer server than one of that major version has dumped."""
    if head.server_major > major:
        raise BackupIncompatible(
            f"The backup was made on PostgreSQL {head.server_major}, and this server is PostgreSQL {major}.",
            hint=f"Restore on PostgreSQL {head.server_major} or later.",
        )


def check_floor(client: Client, means: Means) -> None:
    """Raises BackupIncompatible for a version that code in an archive from elsewhere could break out of
    (TRUST D1)."""
    floor = next((one for one in means.tools_floor if one[0] == client.major), None)
    newest = max((one[0] for one in means.tools_floor), default=0)
    if client.version < floor if floor else client.major < newest:
        raise BackupIncompatible(
            f"{client} is too old for what was made elsewhere.",
            hint=f"Install {client.tool.program} {'.'.join(map(str, floor or (newest,)))} or later, or set "
            "CLIENT_TOOLS_FLOOR.",
        )
