"""The live schema held against the models: the server prints both, and where they differ there is a fault.

Nothing here understands a type or a CHECK. The models' tables are made as temporary tables of the same
server, read back in the same way and compared word for word; so a CHECK that PostgreSQL rewrites, or a type
that MySQL renames, is rewritten and renamed on both sides. Indexes and foreign keys, which a temporary table
cannot have everywhere, are written from the models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from sqlalchemy import ForeignKeyConstraint, MetaData, Table
from sqlalchemy.engine.interfaces import Dialect as Compiler
from sqlalchemy.schema import CreateTable

from database.adapters.schema import Part, PartKind, column_list, reference_text

Key = tuple[PartKind, str, str]


@dataclass(frozen=True)
class Fault:
    """One thing that is not as it should be. `kind` is "missing", "different", "extra", "orphans" or
    "server"; `table` and `name` are empty where there is none; `message` is a sentence; `creatable` says that
    it is missing and can be created beside what is there."""

    kind: str
    table: str
    name: str
    message: str
    creatable: bool = False

    def __str__(self) -> str:
        return self.message.removesuffix(".")


@dataclass(frozen=True)
class Difference:
    """A part as the models have it, None when they do not; and as the database has it, None likewise."""

    key: Key
    expected: str | None
    actual: str | None


def create_statements(metadata: MetaData, compiler: Compiler) -> dict[str, str]:
    """One CREATE TABLE a table, as the models say, without foreign keys and indexes."""
    return {table.name: create_statement(table, compiler) for table in metadata.sorted_tables}


def create_statement(table: Table, compiler: Compiler) -> str:
    """CREATE TABLE without foreign keys and indexes."""
    return str(CreateTable(table, include_foreign_key_constraints=[]).compile(dialect=compiler)).strip()


def find_differences(
    metadata: MetaData, declared: Iterable[Part], live: Iterable[Part]
) -> tuple[Difference, ...]:
    """How the `live` tables differ from those of `metadata`, which the server printed as `declared`, table
    by table. Of a table that is missing nothing else is said."""
    expected, actual = _by_key((*declared, *_linking_parts(metadata))), _by_key(live)
    there = {table for _, table, _ in actual}
    return tuple(
        Difference(key, expected.get(key), actual.get(key))
        for key in sorted(expected.keys() | actual.keys(), key=_place)
        if expected.get(key) != actual.get(key) and (key[0] is PartKind.TABLE or key[1] in there)
    )


def _place(key: Key) -> tuple[str, int, str]:
    kind, table, name = key
    return table, list(PartKind).index(kind), name


def describe(difference: Difference) -> Fault:
    """The difference as a fault, in words."""
    kind, table, name = difference.key
    thing = _thing(kind, table, name)
    if difference.actual is None:
        return Fault("missing", table, name, f"{thing} is missing.", kind is not PartKind.COLUMN)
    if difference.expected is None:
        return Fault("extra", table, name, f"{thing} is not in the models.")
    says = f"the models say {difference.expected or 'nothing'}"
    has = f"the database has {difference.actual or 'nothing'}"
    return Fault("different", table, name, f"{thing} differs: {says}, {has}.")


def _thing(kind: PartKind, table: str, name: str) -> str:
    if kind is PartKind.TABLE:
        return f"Table {table}"
    if kind is PartKind.COLUMN:
        return f"Table {table}: column {name}"
    if kind is PartKind.PRIMARY_KEY:
        return f"The primary key of {table}"
    return f"{kind.capitalize()} {name} on {table}"


def _by_key(parts: Iterable[Part]) -> dict[Key, str]:
    return {(part.kind, part.table, part.name): part.definition for part in parts}


def _linking_parts(metadata: MetaData) -> Iterator[Part]:
    for table in metadata.sorted_tables:
        for index in table.indexes:
            columns = column_list([column.name for column in index.columns])
            definition = f"UNIQUE {columns}" if index.unique else columns
            yield Part(PartKind.INDEX, table.name, str(index.name), definition)
        for key in table.foreign_key_constraints:
            yield Part(PartKind.FOREIGN_KEY, table.name, str(key.name), _reference(key))


def _reference(key: ForeignKeyConstraint) -> str:
    targets = [element.column.name for element in key.elements]
    return reference_text(
        key.column_keys, key.referred_table.name, targets, key.ondelete or "", key.onupdate or ""
    )
