"""What of a database the dump program stumbles over, found before it is started: views that are broken, on
which it gives up, and events on which it hangs for ever."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from core.errors import BackupIncompatible, ServerError
from core.text import visible
from database.adapters.mysql.backup_session import PASSING, Session
from database.adapters.mysql.grants import grant_of
from database.manifest import Fact, FactKind, Inventory

_VIEWS = "SELECT table_name FROM information_schema.views WHERE table_schema = database() ORDER BY 1"
_EVENTS = "SELECT event_name FROM information_schema.events WHERE event_schema = database() ORDER BY 1"
_TRAP = ";;"  # it looks for a delimiter that the event does not hold, and never tries another than this
TRAP_HINT = f"Write it without {_TRAP}, or drop it: DROP EVENT ..."


def find_views(session: Session) -> dict[str, str]:
    """Every view of the connected database, with "" or why it is broken."""
    return {str(name): _fault(session, str(name)) for (name,) in session.rows(_VIEWS)}


def find_traps(session: Session) -> tuple[str, ...]:
    """A sentence for each event of the connected database on which the program would hang."""
    return tuple(
        f'The event {visible(str(name))} holds "{_TRAP}", on which the dump program hangs.'
        for (name,) in session.rows(_EVENTS)
        if _TRAP in str(session.rows(f"SHOW CREATE EVENT {session.quote(str(name))}")[0][3])
    )


def check_events(session: Session) -> None:
    """Raises BackupIncompatible for the first on which the program would hang."""
    for trap in find_traps(session):
        raise BackupIncompatible(trap, hint=TRAP_HINT)


def without_views(inventory: Inventory, names: Collection[str]) -> Inventory:
    """The inventory of a dump from which those views are left out."""
    return replace(inventory, facts=tuple(one for one in inventory.facts if _view_of(one) not in names))


def _fault(session: Session, name: str) -> str:
    try:
        session.rows(f"SHOW FIELDS FROM {session.quote(name)}")  # what the program asks first
    except PASSING:
        raise
    except ServerError as error:
        return error.message
    return ""


def _view_of(fact: Fact) -> str:
    """The view, or table, that it tells of; "" for anything else."""
    if fact.kind is FactKind.VIEW:
        return fact.name
    if fact.kind is FactKind.OWNER and fact.name.startswith("view "):
        return fact.name.removeprefix("view ")
    grant = grant_of(fact) if fact.kind is FactKind.GRANT else None
    return grant.object[1] if grant and grant.object[0] == "table" else ""
