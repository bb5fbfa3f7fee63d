"""One database put in the place of another, by two renames that the numbers of the databases tell apart at
any moment (TRUST note b).

    nobody may connect, sessions end --> live becomes kept --> new becomes live --> live lets people in"""

from __future__ import annotations

from contextlib import suppress

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
            _set_aside(session, swap)
            failpoint("swap.set_aside")
        if state is not SwapState.AFTER:
            _put_in_place(session, swap)
            failpoint("swap.put_in_place")
        _allow(session, swap.live, is_allowed=True)
        failpoint("swap.opened")


def _state(session: Session, swap: Swap) -> SwapState:
    live, new, kept = (identity_of(session, name) for name in (swap.live, swap.new, swap.kept))
    states = {
        (swap.live_identity, swap.new_identity, ""): SwapState.BEFORE,
        ("", swap.new_identity, swap.live_identity): SwapState.HALF,
        (swap.new_identity, "", swap.live_identity): SwapState.AFTER,
    }
    return states.get((live, new, kept), SwapState.UNKNOWN)


def _server(session: Session) -> str:
    try:
        return str(session.value(_SYSTEM))
    except PrivilegeMissing:
        return "server"  # it does not tell this account which one it is


def _set_aside(session: Session, swap: Swap) -> None:
    """The live database gets the name under which it is kept; it is live again when that fails."""
    try:
        _empty(session, swap.new)
        _empty(session, swap.live)
        _rename(session, swap.live, swap.kept)
    except BaseException:
        _allow_again(session, swap.live, swap.new)
        raise


def _put_in_place(session: Session, swap: Swap) -> None:
    try:
        _empty(session, swap.new)
        _rename(session, swap.new, swap.live)
    except ServerError:
        _rename(session, swap.kept, swap.live)
        _allow_again(session, swap.live, swap.new)
        raise


def _empty(session: Session, name: str) -> None:
    """Let nobody in, and end whoever is."""
    _allow(session, name, is_allowed=False)
    session.rows(_END.format(name=session.literal(name)))


def _rename(session: Session, name: str, wanted: str) -> None:
    sql = f"ALTER DATABASE {session.quote(name)} RENAME TO {session.quote(wanted)}"
    for left in reversed(range(_TRIES)):
        try:
            session.run(sql)
            return
        except ServerError as error:
            if getattr(error.__cause__, "pgcode", "") != _IN_USE or not left:
                raise
            session.rows(_END.format(name=session.literal(name)))


def _allow(session: Session, name: str, *, is_allowed: bool) -> None:
    session.run(f"ALTER DATABASE {session.quote(name)} ALLOW_CONNECTIONS {str(is_allowed).lower()}")


def _allow_again(session: Session, *names: str) -> None:
    for name in names:
        with suppress(ServerError):  # what went wrong before is said
            _allow(session, name, is_allowed=True)
