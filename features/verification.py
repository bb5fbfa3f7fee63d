"""The schema held against the models, and its rows looked through: as an operation to follow, or at once."""

from __future__ import annotations

from dataclasses import dataclass

from core.actor import Role
from core.connection import ConnectionParameters
from core.errors import NotFound, SchemaFault
from core.progress import Operation, operation
from core.text import plural
from database import schema
from database.context import current_settings
from database.inspection import Inspection, inspect_schema
from database.setup import first_faults, verify

KIND = "schema.verify"


@dataclass(frozen=True)
class Verification:
    """What was looked at in a schema that is as the models say."""

    database: str
    tables: int
    indexes: int
    constraints: int
    foreign_keys: int


@operation(KIND, title="Verify {database}", target="{database}", role=Role.OPERATOR, attempts=3)
def verify_schema(op: Operation, database: str) -> Verification:
    """Look through the schema and the foreign keys of the console's own database, which goes by the name
    `database`; nothing is changed. Every fault is a line of the log. Raises SchemaFault when there are any,
    NotFound for another name, ConnectionFailed and its kin."""
    settings = current_settings()
    if database != settings.database.name:
        raise NotFound(
            f"{database} is not the console's own database.", hint=f"Verify {settings.database.name}."
        )
    found = inspect_schema(op, settings.migration_database)
    if found.faults:
        raise SchemaFault(
            f"{plural(len(found.faults), 'fault')} found in {database}: {first_faults(found.faults)}",
            hint="Mend it: manage_db.py create-tables, create-indexes, create-constraints, or reset.",
        )
    op.note(f"Nothing differs: {_seen(found)}.")
    return Verification(database, found.tables, found.indexes, found.constraints, found.foreign_keys)


def _seen(found: Inspection) -> str:
    counts = (
        plural(found.tables, "table"),
        plural(found.indexes, "index"),
        plural(found.constraints, "constraint"),
        plural(found.foreign_keys, "foreign key"),
    )
    return ", ".join(counts)


def find_faults(database: ConnectionParameters) -> tuple[str, ...]:
    """Every difference between the live schema and the models, and every row that refers to nothing, as
    sentences; () when all is right. Raises ConnectionFailed and its kin."""
    return tuple(fault.message for fault in schema.find_faults(database))


def refuse_faults(database: ConnectionParameters) -> None:
    """Raises SchemaFault that names the first faults, when there are any; ConnectionFailed and its kin."""
    verify(Operation(), database)
