"""The schema of the application database: made, completed, checked, dropped and made anew."""

from __future__ import annotations

from dataclasses import dataclass

from core.connection import ConnectionParameters
from core.progress import Operation, operation
from core.text import plural
from database import schema
from database.adapters import closing_connection
from database.adapters.base import TableSize
from database.expected import TABLES
from database.files import make_database_file
from database.revisions import pending_revisions
from database.setup import make_schema, read_standing, stamp_when_clean, verify
from features.sample_data import SampleData, add_sample_data

_TIMEOUT = 30.0  # seconds to connect


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
def create_tables(op: Operation, database: ConnectionParameters, *, applied_by: str) -> tuple[str, ...]:
    """Create the tables that are missing; gives their names."""
    op.phase("Create tables")
    made = schema.create_tables(database)
    stamp_when_clean(database, applied_by=applied_by)
    return made


@operation(
    "schema.indexes", title="Create indexes of {database.name}", target="{database.name}", makes_schema=True
)
def create_indexes(op: Operation, database: ConnectionParameters, *, applied_by: str) -> tuple[str, ...]:
    """Create the indexes that are missing; gives their names."""
    op.phase("Create indexes")
    made = schema.create_indexes(database)
    stamp_when_clean(database, applied_by=applied_by)
    return made


@operation(
    "schema.constraints",
    title="Create constraints of {database.name}",
    target="{database.name}",
    makes_schema=True,
)
def create_constraints(op: Operation, database: ConnectionParameters, *, applied_by: str) -> tuple[str, ...]:
    """Create the constraints that are missing; gives their names. Raises SchemaFault naming how many rows
    break one, and then changes nothing."""
    op.phase("Create constraints")
    made = schema.create_constraints(database)
    stamp_when_clean(database, applied_by=applied_by)
    return made


def our_tables(database: ConnectionParameters) -> tuple[TableSize, ...]:
    """The application's tables that are there, with rows and sizes. Raises ConnectionFailed and its kin."""
    with closing_connection(database, _TIMEOUT) as (adapter, connection):
        return tuple(table for table in adapter.table_sizes(connection) if table.name in TABLES)


def _drop(op: Operation, database: ConnectionParameters) -> tuple[str, ...]:
    op.phase("Drop tables")
    return schema.drop_schema(database)


def _build(
    op: Operation,
    database: ConnectionParameters,
    dropped: tuple[str, ...],
    *,
    applied_by: str,
    sample_data: bool,
) -> SetupReport:
    make_database_file(database)
    before = make_schema(op, database, applied_by=applied_by)
    after = read_standing(database)
    pending = pending_revisions(after.revisions)
    if not pending:
        # A schema at an older revision is left to migrate.py, which knows how it came about.
        verify(op, database)
    return SetupReport(
        database=database.name,
        dropped=dropped,
        created=tuple(sorted(after.tables - before.tables)),
        adopted=not before.revisions and bool(before.tables),
        revision=", ".join(after.revisions),
        pending=len(pending),
        sample=add_sample_data(op, database) if sample_data else None,
    )
