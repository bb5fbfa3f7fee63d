"""The live schema held against the models, completed to them, or dropped."""

from __future__ import annotations

from typing import Any

import sqlalchemy

from core.connection import ConnectionParameters, Dialect
from core.errors import Conflict
from core.progress import Operation
from database.adapters import adapter_for
from database.adapters.base import translated
from database.adapters.schema_adapters import schema_adapter_for
from database.comparison import Fault, describe
from database.creation import changing, create_constraints, create_indexes, create_tables
from database.inspection import inspect_schema
from database.open_schema import OpenSchema, compiler_like
from database.revisions import VERSION_TABLE
from database.schema_lock import PATIENCE
from models import db

__all__ = [
    "Fault",
    "compare_schema",
    "create_constraints",
    "create_indexes",
    "create_tables",
    "drop_schema",
    "find_faults",
]


def find_faults(parameters: ConnectionParameters) -> tuple[Fault, ...]:
    """All that is wrong with the schema: what differs from the models, rows that point nowhere, and what
    the server finds amiss; () when all is right. Nothing is changed. Raises ConnectionFailed and its
    children, PrivilegeMissing, ServerError."""
    return inspect_schema(Operation(), parameters).faults


def compare_schema(connection: sqlalchemy.Connection) -> tuple[Fault, ...]:
    """What differs from the models, for who holds a connection; its transaction goes on. Raises
    PrivilegeMissing, ServerError."""
    dialect = Dialect(connection.dialect.name)
    raw: Any = connection.connection.dbapi_connection
    schema = OpenSchema(
        adapter_for(ConnectionParameters(dialect, "")),
        raw,
        schema_adapter_for(dialect),
        compiler_like(type(connection.dialect)),
    )
    return tuple(describe(difference) for difference in schema.differences())


def drop_schema(parameters: ConnectionParameters, *, patience: float | None = PATIENCE) -> tuple[str, ...]:
    """Drop our tables and no others, and give their names. Waits `patience` seconds for the schema lock;
    None when the caller holds it. Raises Conflict when another table refers to one of ours, and drops
    nothing then; TargetBusy, PrivilegeMissing, LockTimeout, ServerError."""
    with changing(parameters, patience) as schema:
        tables = _tables_there(schema)
        with translated(schema.adapter):
            _refuse_references(schema, tables)
            if tables:
                with schema.server.change(schema.connection):
                    schema.server.drop_tables(schema.connection, list(map(schema.adapter.quote, tables)))
        return tables


def _tables_there(schema: OpenSchema) -> tuple[str, ...]:
    """Those of our tables that are there, each before what it refers to."""
    ours = [*(table.name for table in db.metadata.sorted_tables), VERSION_TABLE]
    with translated(schema.adapter):
        parts = schema.server.parts(schema.connection, ours)
    there = {part.table for part in parts}
    return tuple(name for name in reversed(ours) if name in there)


def _refuse_references(schema: OpenSchema, tables: tuple[str, ...]) -> None:
    references = schema.server.foreign_references(schema.connection, tables) if tables else ()
    if references:
        listed = ", ".join(sorted({f"{one.table} to {one.target}" for one in references}))
        raise Conflict(
            f"Other tables refer to ours: {listed}.",
            hint="Nothing was dropped. Drop those tables or their foreign keys first.",
        )
