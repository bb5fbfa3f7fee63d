"""Creates what is missing of the schema, one kind of part at a time; what is there is not touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext

from sqlalchemy import (
    CheckConstraint,
    Constraint,
    ForeignKeyConstraint,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    UniqueConstraint,
)
from sqlalchemy.schema import AddConstraint, CreateIndex, CreateTable

from core.connection import ConnectionParameters
from core.errors import SchemaFault
from database.adapters.base import translated
from database.adapters.schema import Part, PartKind, run
from database.breaches import breaches_of
from database.comparison import describe
from database.open_schema import OpenSchema, open_schema
from database.orphans import row_count
from database.schema_lock import PATIENCE, schema_lock
from models import db

# In this order: a foreign key needs the key it refers to.
_KINDS: dict[type[Constraint], PartKind] = {
    PrimaryKeyConstraint: PartKind.PRIMARY_KEY,
    UniqueConstraint: PartKind.INDEX,
    CheckConstraint: PartKind.CHECK,
    ForeignKeyConstraint: PartKind.FOREIGN_KEY,
}


def create_tables(parameters: ConnectionParameters, *, patience: float | None = PATIENCE) -> tuple[str, ...]:
    """Create the tables that are missing and give their names. They come with their primary key, and with
    all constraints where none can be added later.

    Waits `patience` seconds for the schema lock; None when the caller holds it. Raises TargetBusy,
    PrivilegeMissing, LockTimeout, ServerError."""
    with changing(parameters, patience) as schema:
        there = {part.table for part in schema.parts()}
        missing = [table for table in db.metadata.sorted_tables if table.name not in there]
        whole = not schema.server.adds_constraints
        made = missing if whole else [_bare(table) for table in missing]
        keys: list[ForeignKeyConstraint] | None = None if whole else []
        _run(
            schema, [schema.text(CreateTable(table, include_foreign_key_constraints=keys)) for table in made]
        )
        return tuple(table.name for table in missing)


def create_indexes(parameters: ConnectionParameters, *, patience: float | None = PATIENCE) -> tuple[str, ...]:
    """Create the indexes that are missing and give their names. `patience` and errors as `create_tables`,
    and SchemaFault when a table or column is missing."""
    with changing(parameters, patience) as schema:
        live = schema.parts()
        _require_columns(live)
        there = {part.name for part in live if part.kind is PartKind.INDEX}
        missing = [index for index in _indexes() if index.name not in there]
        _run(schema, [schema.text(CreateIndex(index)) for index in missing])
        return tuple(str(index.name) for index in missing)


def create_constraints(
    parameters: ConnectionParameters, *, patience: float | None = PATIENCE
) -> tuple[str, ...]:
    """Create the constraints that are missing and give their names. `patience` and errors as
    `create_indexes`; SchemaFault also when rows break one, and then nothing is changed."""
    with changing(parameters, patience) as schema:
        live = schema.parts()
        _require_columns(live)
        missing = _missing_constraints(live)
        if missing:
            _add(schema, live, missing)
        return tuple(str(constraint.name) for constraint in missing)


@contextmanager
def changing(parameters: ConnectionParameters, patience: float | None) -> Iterator[OpenSchema]:
    """The open schema under the schema lock, unless `patience` is None."""
    lock = nullcontext() if patience is None else schema_lock(parameters, patience)
    with lock, open_schema(parameters) as schema:
        yield schema


def _run(schema: OpenSchema, statements: list[str]) -> None:
    if statements:
        with translated(schema.adapter), schema.server.change(schema.connection):
            run(schema.connection, *statements)


def _add(schema: OpenSchema, live: tuple[Part, ...], missing: list[Constraint]) -> None:
    tables = {constraint.table.name: constraint.table for constraint in missing}
    if not schema.server.adds_constraints:
        _require_rebuildable(schema, live, tables)
    additions = [schema.text(AddConstraint(one, isolate_from_table=False)) for one in missing]
    rebuilt = {name: schema.text(CreateTable(table)) for name, table in tables.items()}
    with translated(schema.adapter), schema.server.change(schema.connection):
        _require_no_breaches(schema, missing)
        schema.server.add_constraints(schema.connection, additions, rebuilt)


def _bare(table: Table) -> Table:
    """A copy of the table with no constraint but its primary key."""
    copy = table.to_metadata(MetaData())
    copy.constraints.intersection_update({copy.primary_key})
    return copy


def _indexes() -> list[Index]:
    return [
        index
        for table in db.metadata.sorted_tables
        for index in sorted(table.indexes, key=lambda index: str(index.name))
    ]


def _missing_constraints(live: Iterable[Part]) -> list[Constraint]:
    there = {(part.kind, part.table, part.name) for part in live}
    keyed = {part.table for part in live if part.kind is PartKind.PRIMARY_KEY}

    def is_missing(constraint: Constraint, kind: PartKind) -> bool:
        if kind is PartKind.PRIMARY_KEY:  # its name is not kept everywhere
            return constraint.table.name not in keyed
        return (kind, constraint.table.name, str(constraint.name)) not in there

    return [
        constraint
        for kind_of_constraint, kind in _KINDS.items()
        for table in db.metadata.sorted_tables
        for constraint in sorted(table.constraints, key=lambda constraint: str(constraint.name))
        if isinstance(constraint, kind_of_constraint) and is_missing(constraint, kind)
    ]


def _require_columns(live: Iterable[Part]) -> None:
    there = {(part.table, part.name) for part in live if part.kind is PartKind.COLUMN}
    tables = {table for table, _ in there}
    for table in db.metadata.sorted_tables:
        if table.name not in tables:
            raise SchemaFault(
                f"Table {table.name} is missing.", hint="Create it first: python manage_db.py create-tables"
            )
        if lacking := [column.name for column in table.columns if (table.name, column.name) not in there]:
            raise SchemaFault(
                f"Table {table.name} lacks the column {', '.join(lacking)}.",
                hint="Nothing was changed. Add it by a migration, or restore a backup.",
            )


def _require_rebuildable(schema: OpenSchema, live: tuple[Part, ...], tables: Iterable[str]) -> None:
    """Building a table anew keeps its rows, indexes and triggers; what else it has would be lost."""
    for difference in schema.differences(live):
        kind, table, _ = difference.key
        extra = difference.expected is None and kind is not PartKind.INDEX
        if table in tables and (extra or kind is PartKind.COLUMN):
            raise SchemaFault(
                f"{table} cannot be built anew: {describe(difference)}.",
                hint="Nothing was changed. Mend that first.",
            )


def _require_no_breaches(schema: OpenSchema, constraints: Iterable[Constraint]) -> None:
    broken = [
        f"{constraint.name} cannot be created: {row_count(rows)} of {constraint.table.name} "
        f"{'breaks' if rows == 1 else 'break'} it."
        for constraint in constraints
        if (rows := schema.count(breaches_of(constraint)))
    ]
    if broken:
        raise SchemaFault(" ".join(broken), hint="Nothing was changed. Mend those rows first.")
