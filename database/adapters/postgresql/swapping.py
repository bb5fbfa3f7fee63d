"""One database put in the place of another: sessions end, and both renames are one transaction, which the
server ends even when whoever sent it is gone. So there is a live database at any moment, also for the console
whose own it is (docs/decisions/postgresql-swap.md).

    while a rename runs nobody is let in; a session that came a moment before it is ended by the next try"""

from __future__ import annotations

from core.connection import ConnectionParameters
from core.errors import Conflict, NotFound, PrivilegeMissing, ServerError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import visible
from database.adapters.backup import Means, Swap, SwapState
from database.adapters.postgresql.backup_session import Session, maintenance_session

_TRIES = 5  # a session that was just let in is ended by the next
_IN_USE = "55006"
_NUMBER = "SELECT oid FROM pg_catalog.pg_database WHERE datname = {name}"
_SYSTEM = "SELECT system_identifier FROM pg_catalog.pg_control_system()"
_END = """
    SELECT pg_terminate_backend(pid, 5000) FROM pg_catalog.pg_stat_activity
    WHERE datname = {name} AND pid <> pg_backend_pid()
"""


def identity_of(session: Session, name: str) -> str:
    """The server and the number of the database on it; "" when there is none of that name."""
    found = session.rows(_NUMBER.format(name=session.literal(name)))
    return f"{_server(session)}/{found[0][0]}" if found else ""


def read_identity(keeper: ConnectionParameters, means: Means, name: str) -> str:
    """As BackupAdapter.identity."""
    with maintenance_session(keeper, means, beside=name) as session:
        found = identity_of(session, name)
    if not found:
        raise NotFound(f'There is no database "{visible(name)}".')
    return found


def read_state(keeper: ConnectionParameters, means: Means, swap: Swap) -> SwapState:
    """As BackupAdapter.swap_state."""
    with maintenance_session(keeper, means, beside=swap.live) as session:
        return _state(session, swap)


def perform(op: Operation, keeper: ConnectionParameters, means: Means, swap: Swap) -> None:
    """As BackupAdapter.swap. What is kept lets nobody in."""
    with maintenance_session(keeper, means, op, swap.live) as session:
        state = _state(session, swap)
        if state is SwapState.UNKNOWN:
            raise Conflict(
                f"{swap.live} or {swap.new} is not the database it was: nothing was changed.",
                hint="Somebody dropped or renamed one of them. Plan the restore anew.",
            )
        if state is SwapState.BEFORE:
            _exchange(session, swap)
            failpoint("swap.done")


def let_in(keeper: ConnectionParameters, means: Means, name: str, *, is_allowed: bool) -> None:
    """As BackupAdapter.let_in."""
    with maintenance_session(keeper, means, beside=name) as session:
        session.run(f"ALTER DATABASE {session.quote(name)} ALLOW_CONNECTIONS {str(is_allowed).lower()}")


def _state(session: Session, swap: Swap) -> SwapState:
    live, new, kept = (identity_of(session, name) for name in (swap.live, swap.new, swap.kept))
    states = {
        (swap.live_identity, swap.new_identity, ""): SwapState.BEFORE,
        (swap.new_identity, "", swap.live_identity): SwapState.AFTER,
    }
    return states.get((live, new, kept), SwapState.UNKNOWN)


def _server(session: Session) -> str:
    try:
        return str(session.value(_SYSTEM))
    except PrivilegeMissing:
        return "server"  # it does not tell this account which one it is


def _exchange(session: Session, swap: Swap) -> None:
    live, new, kept = (session.quote(name) for name in (swap.live, swap.new, swap.kept))
    # No BEGIN: several statements sent as one are one transaction, and none waits for us in the middle.
    sql = (
        f"ALTER DATABASE {live} RENAME TO {kept}; ALTER DATABASE {new} RENAME TO {live}; "
        f"ALTER DATABASE {kept} ALLOW_CONNECTIONS false; ALTER DATABASE {live} ALLOW_CONNECTIONS true"
    )
    for left in reversed(range(_TRIES)):
        for name in (swap.new, swap.live):
            session.rows(_END.format(name=session.literal(name)))
        failpoint("swap.sessions_ended")
        try:
            session.run(sql)
            return
        except ServerError as error:
            if getattr(error.__cause__, "pgcode", "") != _IN_USE or not left:
                raise
