"""A database put in the place of the live one, with the row that tells whoever comes after a crash."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path

from sqlalchemy import select

from core.clock import utc_now
from core.connection import ConnectionParameters
from core.errors import AppError, Conflict, ServerError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import plural, visible
from database.adapters import adapter_for
from database.adapters.backup import BackupAdapter, Swap, SwapState, operation_of
from database.adapters.base import Capability
from database.context import current_settings
from database.own_copy import bring_rest, prepare_own_copy
from database.restoring import account_for, drop_calmly, put_in_place, sign_in_and_look
from database.transactions import transaction
from features.backup_subjects import Subject
from features.new_databases import exists
from features.replacement_rows import (
    ABANDONED,
    PREPARED,
    find_replacement,
    mark,
    mark_swapped,
    swap_of,
    was_kept,
    write_prepared,
)
from models import Replacement

_LONGEST = 40  # bytes of the live name in that of what is kept, which has to fit into any server's limit


@dataclass(frozen=True)
class Incoming:
    """What is to be the live database: its name on the server, where it is, and the backup it was made of,
    None for what was live before."""

    name: str
    where: ConnectionParameters = field(repr=False)
    backup_id: str | None = None


def kept_name(subject: Subject, adapter: BackupAdapter) -> str:
    """What the live database of now would be called once it is put aside: a name that is free, and that none
    had before it, for a restore and its undo may come within one second."""
    live = subject.parameters
    head = live.name.encode()[:_LONGEST].decode(errors="ignore")
    moment = utc_now()
    while True:
        name = _name_beside(live, f"{head}_{moment:%Y%m%d_%H%M%S}")
        if not (was_kept(name) or exists(adapter, name)):
            return name
        moment += timedelta(seconds=1)


def _name_beside(live: ConnectionParameters, name: str) -> str:
    if adapter_for(live).supports(Capability.SESSIONS):
        return name
    return str(Path(live.database).with_name(f"{name}.db"))


def replace_live(
    op: Operation, subject: Subject, adapter: BackupAdapter, incoming: Incoming, *, made_by: str
) -> None:
    """Put it in the place of the live database, which is kept, and see that its account gets in. Raises
    LeaseLost, Conflict, ServerError when the live database is as it was."""
    live = adapter.database.database
    identities = adapter.identity(live), adapter.identity(incoming.name)
    swap = Swap(live, incoming.name, kept_name(subject, adapter), *identities)
    id = write_prepared(op, subject, swap, incoming.backup_id)
    try:
        failpoint("restore.prepared")
        if subject.is_own:
            adapter.let_in(incoming.name, is_allowed=True)  # what was kept may be shut
            copy = account_for(adapter, incoming.where)
            prepare_own_copy(op, adapter.database, copy, applied_by=made_by)
            failpoint("restore.carried")
        op.phase("Swap the two")
        with transaction():
            pass  # asks the fence once more: the work may have become another's
        put_in_place(op, adapter, swap)
    except AppError:
        with suppress(AppError):  # what went wrong before is said, and a chore settles the rest
            _abandon(op, adapter, swap, id)
        raise
    failpoint("restore.swapped")
    finish_swap(op, subject, adapter, id)


def finish_swap(op: Operation, subject: Subject, adapter: BackupAdapter, id: str) -> None:
    """The databases are swapped: record it, and see that whoever uses them gets in. Raises ServerError."""
    settings = current_settings()
    until = mark_swapped(id, adapter.identity, settings.restore_grace_days)
    failpoint("restore.recorded")
    if subject.is_own:
        kept = _kept_of(id)
        bring_rest(op, adapter, kept, replace(adapter.database, database=kept))
    op.note(f"What was there before is kept until {until:%Y-%m-%d %H:%M} UTC.")
    account = settings.database if subject.is_own else subject.parameters
    try:
        tables = sign_in_and_look(account, settings.db_connect_timeout)
    except ServerError as error:
        raise ServerError(
            f"{subject.name} was restored, but its account cannot use it: {error.message}",
            hint="Undo the restore: what was there before is kept.",
        ) from error
    op.note(f"{account.user or 'The console'} signs in and sees {plural(tables, 'table')}.")


def _kept_of(id: str) -> str:
    with transaction() as session:
        return find_replacement(session, id).kept_name


def go_on_from(op: Operation, subject: Subject, adapter: BackupAdapter) -> bool:
    """What an earlier attempt of the operation left is brought to an end: True when the databases are swapped
    now, False when nothing was, so that the work begins again. Raises Conflict when somebody else changed
    the databases in between, ServerError."""
    with transaction() as session:
        mine = Replacement.operation_id == op.id, Replacement.live_name != ""
        newest = select(Replacement).where(*mine).order_by(Replacement.id.desc()).limit(1)
        row = session.scalars(newest).first()
        found = (row.id, row.state) if row else ("", ABANDONED)
    id, state = found
    if state == ABANDONED or (state == PREPARED and not settle_row(op, adapter, id)):
        return False
    finish_swap(op, subject, adapter, id)
    return True


def settle_row(op: Operation, adapter: BackupAdapter, id: str) -> bool:
    """Look how far the swap of that row came, and bring it to one of its two ends: True when the new database
    is live. Raises Conflict when neither can be, ServerError."""
    with transaction() as session:
        swap = swap_of(find_replacement(session, id))
    state = adapter.swap_state(swap)
    if state is SwapState.UNKNOWN:
        raise Conflict(
            f"{visible(swap.live)} and {visible(swap.new)} are not the databases that were to be swapped.",
            hint=f"Somebody changed them. Look at these two and {visible(swap.kept)} on the server.",
        )
    if state is SwapState.BEFORE:
        mark(id, ABANDONED)
        op.note("The swap had not begun. The live database is as it was.")
        return False
    op.note("The swap had begun, and is brought to its end.")
    put_in_place(op, adapter, swap)
    return True


def _abandon(op: Operation, adapter: BackupAdapter, swap: Swap, id: str) -> None:
    """Nothing was swapped: say so, and drop what was made for it. Nothing is done when it had begun, or when
    another attempt is at it."""
    if adapter.swap_state(swap) is SwapState.BEFORE:
        mark(id, ABANDONED)
        if operation_of(swap.new):
            drop_calmly(op, adapter, swap.new)
