"""What of a database the dump program stumbles over, found before it is started: views that are broken, on
which it gives up."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from core.errors import ServerError
from database.adapters.mysql.backup_session import PASSING, Session
from database.adapters.mysql.grants import grant_of
from database.manifest import Fact, FactKind, Inventory

_VIEWS = "SELECT table_name FROM information_schema.views WHERE table_schema = database() ORDER BY 1"


def find_views(session: Session) -> dict[str, str]:
    """Every view of the connected database, with "" or why it is broken."""
    return {str(name): _fault(session, str(name)) for (name,) in session.rows(_VIEWS)}


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
