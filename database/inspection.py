"""The live schema looked through part by part: against the models, for rows that point nowhere, and for what
the server itself finds amiss."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Select

from core.connection import ConnectionParameters
from core.progress import Operation
from database.adapters.base import translated
from database.adapters.schema import Part, PartKind
from database.comparison import Difference, Fault, describe
from database.open_schema import OpenSchema, open_schema
from database.orphans import find_orphans, keys_there
from models import db

_COMPARED = {
    "Compare tables": (PartKind.TABLE, PartKind.COLUMN, PartKind.PRIMARY_KEY),
    "Compare indexes": (PartKind.INDEX,),
    "Compare constraints": (PartKind.FOREIGN_KEY, PartKind.CHECK),
}


@dataclass(frozen=True)
class Inspection:
    """How many tables, indexes and constraints there are, how many foreign keys were followed, and all that
    is wrong."""

    tables: int
    indexes: int
    constraints: int
    foreign_keys: int
    faults: tuple[Fault, ...]


def inspect_schema(op: Operation, parameters: ConnectionParameters) -> Inspection:
    """Look through the schema of that database and change nothing; each fault is noted as it is found. Raises
    ConnectionFailed and its children, PrivilegeMissing, ServerError."""
    with open_schema(parameters, op) as schema:
        op.phase("Read the schema")
        live = schema.parts()
        differences = schema.differences(live)
        columns = {(part.table, part.name) for part in live if part.kind is PartKind.COLUMN}
        faults = tuple(
            fault
            for look in (_compare(op, live, differences), _follow(op, schema, columns), _ask(op, schema))
            for fault in look
        )
    return Inspection(
        tables=_count(live, PartKind.TABLE),
        indexes=_count(live, PartKind.INDEX),
        constraints=_count(live, *_COMPARED["Compare constraints"]),
        foreign_keys=len(keys_there(db.metadata, columns)),
        faults=faults,
    )


def inspect_drift(parameters: ConnectionParameters) -> tuple[str, ...]:
    """What differs from the models, a sentence each; rows are not looked at. Raises ConnectionFailed and its
    children, PrivilegeMissing, ServerError."""
    with open_schema(parameters) as schema:
        return tuple(describe(one).message for one in schema.differences())


def _compare(op: Operation, live: Collection[Part], differences: Collection[Difference]) -> Iterator[Fault]:
    """What differs from the models, a phase for each kind of part."""
    for name, kinds in _COMPARED.items():
        total = _count(live, *kinds)
        op.phase(name, total=total, unit="definition")
        yield from _noted(op, (describe(one) for one in differences if one.key[0] in kinds))
        op.advance(total)


def _follow(op: Operation, schema: OpenSchema, columns: Collection[tuple[str, str]]) -> Iterator[Fault]:
    """Rows that point nowhere, by every foreign key."""
    op.phase("Follow foreign keys", total=len(keys_there(db.metadata, columns)), unit="foreign key")

    def count(rows: Select[int]) -> int:
        found = schema.count(rows)
        op.advance()
        return found

    yield from _noted(op, find_orphans(db.metadata, columns, count))


def _ask(op: Operation, schema: OpenSchema) -> Iterator[Fault]:
    op.phase(f"Ask {schema.adapter.label}", total=1, unit="check")
    with translated(schema.adapter):
        findings = schema.server.findings(schema.connection)
    yield from _noted(op, (Fault("server", "", "", finding) for finding in findings))
    op.advance()


def _noted(op: Operation, faults: Iterator[Fault]) -> Iterator[Fault]:
    for fault in faults:
        op.note(fault.message)
        yield fault


def _count(parts: Collection[Part], *kinds: PartKind) -> int:
    return sum(part.kind in kinds for part in parts)
