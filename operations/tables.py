"""Whether our own tables can take a record now: they are there, as the models have them, and not newer."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Inspector, column, inspect, select, table

from core.errors import SchemaFault
from database.revisions import pending_revisions
from models import AuditEvent, AuditHead, OperationLine, OperationPhase, OperationRecord, TargetLock
from operations.rows import table_of

_VERSION = table("alembic_version", column("version_num"))
_MODELS = (AuditEvent, AuditHead, OperationRecord, OperationPhase, OperationLine, TargetLock)
_NEEDED = {one.name: one for one in map(table_of, _MODELS)}


def has_tables(connection: Connection) -> bool:
    """True when every table is there that a record needs."""
    return set(inspect(connection).get_table_names()) >= _NEEDED.keys()


def missing_tables(connection: Connection) -> SchemaFault:
    """The error for a schema without the tables that record operations, with the command that makes them."""
    is_older = inspect(connection).has_table(_VERSION.name)
    command = "migrate.py migrate" if is_older else "manage_db.py init"
    return SchemaFault("The tables that record operations are missing.", hint=f"Run: python {command}")


def has_columns(connection: Connection) -> bool:
    """True when each of those tables can take a row: no column is missing, and none that the models do not
    know wants a value."""
    look = inspect(connection)
    return all(_fits(look, name) for name in _NEEDED)


def refuse_newer(connection: Connection) -> None:
    """Raise SchemaTooNew for a schema at a revision that this release does not know."""
    if inspect(connection).has_table(_VERSION.name):
        pending_revisions(tuple(connection.scalars(select(_VERSION.c.version_num))))


def _fits(look: Inspector, name: str) -> bool:
    there: dict[str, Any] = {one["name"]: one for one in look.get_columns(name)}
    known = _NEEDED[name].columns.keys()
    strange = [one for key, one in there.items() if key not in known]
    return there.keys() >= set(known) and all(one["nullable"] or one["default"] for one in strange)
