"""How a server tells one database from another that bears the same name: by the numbers of its tables, which
stay when a table is renamed and are never given twice."""

from __future__ import annotations

from core.errors import NotFound, ServerError
from core.text import visible
from database.adapters.mysql.backup_session import Session, database_exists
from database.adapters.mysql.flavour import Flavour

_LONGEST = 240  # characters; the lowest numbers are those of tables that have been there longest


def identity_of(session: Session, flavour: Flavour, name: str) -> str:
    """The server, then the lowest numbers of tables; none where the account lacks PROCESS and may not see
    them. Raises NotFound."""
    if not database_exists(session, name):
        raise NotFound(f"There is no database {visible(name)}.")
    text = f"{session.value(flavour.server_identity)}:"
    try:
        rows = session.rows(flavour.table_numbers, (name,))
    except ServerError:
        return text
    numbers = [str(number) for (number,) in rows]
    while numbers and len(text) + len(",".join(numbers)) > _LONGEST:
        numbers.pop()
    return text + ",".join(numbers)


def are_same(one: str, other: str) -> bool:
    """True unless the identities show that they are of different databases: a table that was made anew has
    another number, so one that both have is enough."""
    server, _, numbers = one.rpartition(":")
    other_server, _, others = other.rpartition(":")
    if server != other_server:
        return False
    return not (numbers and others) or bool(set(numbers.split(",")) & set(others.split(",")))
