"""The schema of the application database: made, completed, checked, dropped and made anew."""

from __future__ import annotations

from dataclasses import dataclass

from core.connection import ConnectionParameters
from core.errors import SchemaFault
from core.progress import Operation, operation
from core.text import plural
from database import manager, schema
from features.seeding import SampleData, add_sample_data


@dataclass(frozen=True)
class SetupReport:
    """What `initialize` or `reset_schema` did. `created` and `dropped` are names of tables; `adopted` says
    that a schema without a revision was found right and stamped."""

    database: str
    dropped: tuple[str, ...]
    created: tuple[str, ...]
    adopted: bool
    revision: str
    pending: int
    sample: SampleData | None

    def lines(self) -> tuple[str, ...]:
        """The report in words, a sentence a line."""
        found = [f"{plural(len(self.dropped), 'table')} dropped."] if self.dropped else []
        if self.created:
            found.append(f"{plural(len(self.created), 'table')} created in {self.database}.")
        elif self.adopted:
            found.append(f"{self.database} has the schema already; it was adopted.")
        else:
            found.append(f"{self.database} has the schema already; nothing was missing.")
        found.append(f"Revision {self.revision}.")
        if self.pending:
            found.append(f"{plural(self.pending, 'migration')} pending: python migrate.py migrate")
        return tuple(found)


@operation("schema.init", title="Initialise {database.name}", target="{database.name}", makes_schema=True)
def initialize(
    op: Operation,
    database: ConnectionParameters,
    *,
    applied_by: str,
    force: bool = False,
    sample_data: bool = False,
) -> SetupReport:
    """Make the schema, or complete and adopt what is there; with `force` destroy it first. What was found
    or made is then held against the models. Raises SchemaFault naming every difference, ServerError."""
    dropped = _drop(op, database) if force else ()
    return _build(op, database, dropped, applied_by=applied_by, sample_data=sample_data)


@operation("schema.reset", title="Reset {database.name}", target="{database.name}", makes_schema=True)
def reset_schema(
    op: Operation, database: ConnectionParameters, *, applied_by: str, sample_data: bool = False
) -> SetupReport:
    """Drop the schema and make it anew, empty or with sample data. Raises ServerError."""
    dropped = _drop(op, database)
    return _build(op, database, dropped, applied_by=applied_by, sample_data=sample_data)


@operation("schema.drop", title="Drop {database.name}", target="{database.name}", makes_schema=True)
def drop_schema(op: Operation, database: ConnectionParameters) -> tuple[str, ...]:
    """Drop the application's tables and no others; gives their names. Raises Conflict when another table
    refers to one of them, ServerError."""
    return _drop(op, database)


@operation(
    "schema.tables", title="Create tables of {database.name}", target="{database.name}", makes_schema=True
)
def create_tables(op: Operation, database: ConnectionParameters) -> tuple[str, ...]:
    """Create the tables that are missing; gives their names."""
    op.phase("Create tables")
    return _stamp_when_clean(database, schema.create_tables(database))


@operation(
    "schema.indexes", title="Create indexes of {database.name}", target="{database.name}", makes_schema=True
)
def create_indexes(op: Operation, database: ConnectionParameters) -> tuple[str, ...]:
    """Create the indexes that are missing; gives their names."""
    op.phase("Create indexes")
    return _stamp_when_clean(database, schema.create_indexes(database))


@operation(
    "schema.constraints",
    title="Create constraints of {database.name}",
    target="{database.name}",
    makes_schema=True,
)
def create_constraints(op: Operation, database: ConnectionParameters) -> tuple[str, ...]:
    """Create the constraints that are missing; gives their names. Raises SchemaFault naming how many rows
    break one, and then changes nothing."""
    op.phase("Create constraints")
    return _stamp_when_clean(database, schema.create_constraints(database))


def verify_schema(database: ConnectionParameters) -> tuple[str, ...]:
    """Every difference between the live schema and the models, and every row that refers to nothing, as
    sentences; () when all is right. Raises ConnectionFailed and its kin."""
    return tuple(fault.message for fault in schema.find_faults(database))
