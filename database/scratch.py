"""A database made to restore one backup into and to look at it, dropped in every outcome."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from core.errors import BackupIncompatible, InvalidInput, ServerError
from core.progress import Operation
from database.adapters import closing_connection
from database.adapters.backup import BackupAdapter, Place, Source, name_for
from database.restoring import check_account, drop_calmly, still_ours


@dataclass(frozen=True)
class Assertion:
    """What has to be true of a restored copy: one query whose first value says so."""

    name: str
    sql: str


@contextmanager
def scratch_place(op: Operation, adapter: BackupAdapter, source: Source) -> Iterator[Place]:
    """An empty database for `source` on the adapter's server. Raises BackupIncompatible for what stands
    against it there, PrivilegeMissing, ServerError."""
    for obstacle in adapter.obstacles(source):
        if obstacle.is_fatal:
            raise BackupIncompatible(obstacle.message, hint=obstacle.hint)
        op.note(obstacle.message)
    name = name_for("scratch", op)
    adapter.drop(Operation(id=op.id), name)  # what an attempt left that was cut off
    try:
        place = adapter.create_place(op, name)
        check_account(place, source)
        yield place
    finally:
        if still_ours():  # else the name is that of the attempt which has taken over
            drop_calmly(op, adapter, name)


def place_in_words(adapter: BackupAdapter) -> str:
    """The server that the adapter restores on, such as "PostgreSQL 16.14". Raises ServerError."""
    with closing_connection(adapter.keeper, adapter.means.connect_timeout) as (server, connection):
        return str(server.server_version(connection))


def find_untrue(
    op: Operation, adapter: BackupAdapter, place: Place, assertions: tuple[Assertion, ...]
) -> Iterator[str]:
    """Which assertions are not true of the place, a sentence each; asked before it is handed over, while its
    own account is there."""
    for assertion in assertions:
        op.check()
        try:
            if not adapter.run_assertion(place, assertion.sql):
                yield f"The assertion {assertion.name} is not true."
        except (InvalidInput, ServerError) as error:
            yield f"The assertion {assertion.name} cannot be asked: {error.message}"
