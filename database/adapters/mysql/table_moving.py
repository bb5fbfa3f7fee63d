"""All tables of two databases moved by one statement, which the server does whole or not at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from core.clock import monotonic
from core.errors import LockTimeout, NotFound, PrivilegeMissing
from core.failpoints import failpoint
from core.progress import Operation
from database.adapters.backup import Swap
from database.adapters.mysql.backup_session import Session
from database.adapters.mysql.code import Code
from database.adapters.mysql.code_making import make
from database.adapters.mysql.loose_keys import dropping
from database.adapters.mysql.site import Site
from database.adapters.mysql.swap_journal import Journal, Side, enter

_PATIENCE = 30.0  # seconds to wait for those who use the tables, in short tries


def move_tables(op: Operation, site: Site, session: Session, swap: Swap, journal: Journal) -> None:
    """Those of `live` into `kept` and those of `new` into `live`. What keeps a table from moving, or does not
    go with it, is dropped first, while nobody but us may write: triggers, and foreign keys without a parent.
    Raises LockTimeout, ServerError."""
    first = [*_dropping(session, swap.live, journal.live), *_dropping(session, swap.new, journal.new)]
    rename = _rename(session, swap, journal)
    _lock(op, session, swap, journal)
    failpoint("swap.locked")
    if site.flavour.renames_locked_tables:
        for sql in first:
            session.rows(sql)
            failpoint("swap.trigger")
        session.rows(rename)
        _make_triggers(session, swap.live, journal.new.code)
        _make_triggers(session, swap.kept, journal.live.code)
    elif first:
        # The lock has shown that nobody uses the tables. One block: no death of ours comes between.
        session.rows("UNLOCK TABLES")
        session.rows(f"BEGIN NOT ATOMIC {'; '.join([*first, rename])}; END")
    else:
        session.rows("UNLOCK TABLES")
        session.rows(rename)


def triggers_of(code: tuple[Code, ...]) -> tuple[Code, ...]:
    """Those among it, in their order."""
    return tuple(one for one in code if one.kind == "trigger")


def _dropping(session: Session, name: str, side: Side) -> Iterator[str]:
    for one in triggers_of(side.code):
        yield f"DROP TRIGGER IF EXISTS {session.quote(name)}.{session.quote(one.name)}"
    for key in side.keys:
        yield dropping(session, name, key)


def _make_triggers(session: Session, name: str, code: tuple[Code, ...]) -> None:
    """While the tables are still locked: nobody has written past them."""
    enter(session, name)
    for one in triggers_of(code):
        make(session, one, one.definer, awake=True)


def _rename(session: Session, swap: Swap, journal: Journal) -> str:
    ways = ((swap.live, swap.kept, journal.live), (swap.new, swap.live, journal.new))
    pairs = [
        f"{session.quote(here)}.{session.quote(table)} TO {session.quote(there)}.{session.quote(table)}"
        for here, there, side in ways
        for table in side.tables
    ]
    return f"RENAME TABLE {', '.join(pairs)}"


def _lock(op: Operation, session: Session, swap: Swap, journal: Journal) -> None:
    names = [
        f"{session.quote(name)}.{session.quote(table)} WRITE"
        for name, side in ((swap.live, journal.live), (swap.new, journal.new))
        for table in side.tables
    ]
    end = monotonic() + _PATIENCE
    while True:
        _end_sessions(session, (swap.live, swap.new))
        try:
            session.rows(f"LOCK TABLES {', '.join(names)}")
            return
        except LockTimeout:
            op.check()
            if monotonic() >= end:
                raise


def _end_sessions(session: Session, names: tuple[str, ...]) -> None:
    for one in session.adapter.sessions(session.connection):
        if one.database in names:
            with suppress(NotFound, PrivilegeMissing):
                session.adapter.terminate(session.connection, one.id)
