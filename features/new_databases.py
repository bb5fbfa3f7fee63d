"""A new database that a restore makes under a name of somebody's choice: what a crash leaves half made is
told from everybody else's by the row that was written before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import select

from core.errors import AlreadyExists, Conflict, InvalidInput, NotFound
from core.failpoints import failpoint
from core.progress import Operation
from core.text import visible
from database.adapters.backup import BackupAdapter, Swap, name_for
from database.transactions import transaction
from features.backup_subjects import Subject
from features.replacement_rows import PREPARED, SWAPPED, find_replacement, mark, write_prepared
from models import Replacement


@contextmanager
def being_made(
    op: Operation, subject: Subject, adapter: BackupAdapter, name: str
) -> Iterator[Callable[[], None]]:
    """The name is free when the block begins, and nothing has it when the block fails. What is given is
    called once the database was created. When the block ends the row tells that it is whole. Raises
    AlreadyExists."""
    refuse_taken(adapter, name)
    id = write_prepared(op, subject, Swap("", name, ""), None)

    def created() -> None:
        with transaction() as session:
            find_replacement(session, id).new_identity = adapter.identity(name)

    try:
        yield created
    except BaseException:
        _forget(id)
        raise
    mark(id, SWAPPED)
    failpoint("restore.made")


def was_made(op: Operation, adapter: BackupAdapter, name: str) -> bool:
    """True when an earlier attempt of the operation made the database of that name whole, and it is there."""
    mine = Replacement.operation_id == op.id, Replacement.live_name == "", Replacement.state == SWAPPED
    wanted = select(Replacement.new_identity).where(*mine, Replacement.new_name == name)
    with transaction() as session:
        identity = session.scalar(wanted)
    return bool(identity) and exists(adapter, name) and adapter.identity(name) == identity


def refuse_taken(adapter: BackupAdapter, name: str) -> None:
    """Raises AlreadyExists when the server has a database of that name."""
    if exists(adapter, name):
        raise AlreadyExists(
            f"There is a database {visible(name)} already.", hint="Choose a name that is not taken."
        )


def check_new_name(name: str) -> None:
    """Raises InvalidInput unless `name` is a bare name: of SQLite it becomes a file beside the database."""
    if any(sign in name for sign in "/\\") or name.startswith("."):
        raise InvalidInput(
            f'"{visible(name[:80])}" is no bare name.', hint="Give a name without a folder: shop_copy"
        )


def exists(adapter: BackupAdapter, name: str) -> bool:
    """True when the server has a database of that name. Raises InvalidInput for what cannot be one."""
    if visible(name) != name:  # a NUL would be the driver's error
        raise InvalidInput("A name of a database holds no control characters.", hint="Choose another name.")
    try:
        adapter.identity(name)
    except NotFound:
        return False
    return True


def clear_earlier(op: Operation, adapter: BackupAdapter, operation_id: str = "") -> None:
    """Drop what an earlier attempt of this operation, or of another that is over, left half made. Raises
    Conflict when it cannot be told whose a database is, ServerError."""
    earlier = Operation(id=operation_id or op.id)
    adapter.drop(earlier, name_for("new", earlier))  # the account, and what it still owned
    with transaction() as session:
        mine = (
            Replacement.operation_id == earlier.id,
            Replacement.live_name == "",
            Replacement.state == PREPARED,
        )
        left = [
            (row.id, row.new_name, row.new_identity)
            for row in session.scalars(select(Replacement).where(*mine))
        ]
    for id, name, identity in left:
        if exists(adapter, name):
            if adapter.identity(name) != identity:
                raise Conflict(
                    f"There is a database {visible(name)}, which may be what an attempt before left.",
                    hint=f"Drop {visible(name)} if nobody else made it, or choose another name.",
                )
            adapter.drop(op, name)
            op.note(f"{visible(name)}, which an attempt before left half made, was dropped.")
        _forget(id)


def _forget(id: str) -> None:
    with transaction() as session:
        session.delete(find_replacement(session, id))
