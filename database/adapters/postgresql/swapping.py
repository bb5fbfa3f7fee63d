"""One database put in the place of another: sessions end, and both renames are one transaction, which the
server ends even when whoever sent it is gone. So there is a live database at any moment, also for the console
whose own it is (docs/decisions/postgresql-swap.md).

    nobody is let in while a rename waits for those who are there, and these are ended meanwhile"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Event

from core.connection import ConnectionParameters
from core.errors import Conflict, NotFound, PrivilegeMissing, ServerError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import visible
from database.adapters.backup import Means, Swap, SwapState
from database.adapters.postgresql.backup_session import Session, application_of, maintenance_session

_PATIENCE = 5000  # milliseconds for a session to end
_PAUSE = 0.02  # seconds between two looks for sessions that came a moment before the rename
_NUMBER = "SELECT oid FROM pg_catalog.pg_database WHERE datname = {name}"
_SYSTEM = "SELECT system_identifier FROM pg_catalog.pg_control_system()"
_END = """
    SELECT pg_terminate_backend(pid, {patience:d}) FROM pg_catalog.pg_stat_activity
    WHERE datid = {number:d} AND pid <> pg_backend_pid()
      AND backend_type <> 'autovacuum worker'  -- which only a superuser may end, and a rename ends by itself
      AND {which}
"""
# A session of the operation itself keeps others from writing: it goes last, when nobody else is there and the
# rename lets nobody in.
_OTHERS = "coalesce(application_name, '') <> {ours}"
_LAST = """
    application_name = {ours}
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_stat_activity o
                    WHERE o.datid = {number:d} AND o.pid <> pg_backend_pid()
                      AND coalesce(o.application_name, '') <> {ours}
                      AND o.backend_type <> 'autovacuum worker')
    AND EXISTS (SELECT FROM pg_catalog.pg_locks
                WHERE locktype = 'object' AND classid = 'pg_database'::regclass AND objid = {number:d}
                  AND mode = 'AccessExclusiveLock' AND granted)
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
            _exchange(session, swap, _Emptying(keeper, means, swap.live, application_of(op)))
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


def _exchange(session: Session, swap: Swap, emptying: _Emptying) -> None:
    live, new, kept = (session.quote(name) for name in (swap.live, swap.new, swap.kept))
    # No BEGIN: several statements sent as one are one transaction, and none waits for us in the middle.
    sql = (
        f"ALTER DATABASE {live} RENAME TO {kept}; ALTER DATABASE {new} RENAME TO {live}; "
        f"ALTER DATABASE {kept} ALLOW_CONNECTIONS false; ALTER DATABASE {live} ALLOW_CONNECTIONS true"
    )
    numbers = [int(one.rpartition("/")[2]) for one in (swap.new_identity, swap.live_identity)]
    for number in numbers:
        emptying.end_others(session, number, _PATIENCE)
    failpoint("swap.sessions_ended")
    with _kept_empty(emptying, numbers[-1]):
        session.run(sql)


@dataclass(frozen=True)
class _Emptying:
    """Who ends sessions, in another database than the one of that name; `ours` is how those of the operation
    are called."""

    keeper: ConnectionParameters
    means: Means
    name: str
    ours: str

    def end_others(self, session: Session, number: int, patience: int = 0) -> None:
        """End the sessions in the database of that number that are not of the operation."""
        which = _OTHERS.format(ours=session.literal(self.ours))
        session.rows(_END.format(number=number, patience=patience, which=which))

    def end_last(self, session: Session, number: int) -> None:
        """End those of the operation, if it is time."""
        which = _LAST.format(ours=session.literal(self.ours), number=number)
        session.rows(_END.format(number=number, patience=0, which=which))


@contextmanager
def _kept_empty(one: _Emptying, number: int) -> Iterator[None]:
    """End whoever is in the database of that number, again and again: the server waits for that with the
    rename, and lets nobody new in meanwhile. Raises what stopped this, where the rename failed."""
    is_over = Event()

    def work() -> None:
        with maintenance_session(one.keeper, one.means, beside=one.name) as session:
            while not is_over.wait(_PAUSE):
                one.end_others(session, number)
                one.end_last(session, number)

    with ThreadPoolExecutor(1, "emptying") as pool:
        emptying = pool.submit(work)
        try:
            yield
        except ServerError as error:
            is_over.set()
            raise (emptying.exception() or error) from error
        finally:
            is_over.set()
