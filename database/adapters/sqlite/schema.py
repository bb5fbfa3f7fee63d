"""Schemas on SQLite: pragmas, and the text of each table for what they do not tell."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from core.errors import SchemaFault
from core.text import plural
from database.adapters.base import Connection, fetch_all
from database.adapters.schema import (
    Part,
    PartKind,
    Reference,
    SchemaAdapter,
    column_list,
    marks,
    reference_text,
    run,
    temporary,
)
from database.adapters.sqlite.text import TableText, index_body, read_table

_LIVE, _TEMPORARY = "main", "temp"
_TABLES = "SELECT name, sql FROM {schema}.sqlite_master WHERE type = 'table' AND name IN ({marks})"
_OTHER_TABLES = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT IN ({marks})"
_INDEXES = (
    "SELECT name, sql FROM {schema}.sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL"
)
_ATTACHED = (
    "SELECT sql FROM main.sqlite_master "
    "WHERE type IN ('index', 'trigger') AND tbl_name = ? AND sql IS NOT NULL"
)


class SQLiteSchemaAdapter(SchemaAdapter):
    """The main database of the connection."""

    adds_constraints = False

    def parts(self, connection: Connection, tables: Collection[str]) -> tuple[Part, ...]:
        return tuple(_read(connection, _LIVE, tables))

    def declared_parts(self, connection: Connection, statements: Mapping[str, str]) -> tuple[Part, ...]:
        made: list[str] = []
        try:
            for name, statement in statements.items():
                run(connection, temporary(statement))
                made.append(name)
            return tuple(_read(connection, _TEMPORARY, made))
        finally:
            run(connection, *(f'DROP TABLE temp."{name}"' for name in made))

    def temporary_privilege(self, connection: Connection) -> str:
        return ""  # there are no accounts

    def foreign_references(self, connection: Connection, tables: Collection[str]) -> tuple[Reference, ...]:
        sql = _OTHER_TABLES.format(marks=marks(len(tables), "?"))
        return tuple(
            Reference(table, "", str(row[2]))
            for (table,) in fetch_all(connection, sql, list(tables))
            for row in _pragma(connection, _LIVE, "foreign_key_list", table)
            if row[2] in tables
        )

    def drop_tables(self, connection: Connection, tables: Sequence[str]) -> None:
        run(connection, *(f"DROP TABLE {name}" for name in tables))

    def add_constraints(
        self, connection: Connection, additions: Sequence[str], rebuilt: Mapping[str, str]
    ) -> None:
        for table, create_table in rebuilt.items():
            _rebuild(connection, table, create_table)
        for table in rebuilt:
            if orphans := fetch_all(connection, f'PRAGMA foreign_key_check("{table}")'):
                raise SchemaFault(
                    f"{table} cannot be built anew: {plural(len(orphans), 'foreign key')} of it "
                    "would point to a row that does not exist.",
                    hint="Nothing was changed. Mend those rows first: manage_db.py verify names them.",
                )

    def findings(self, connection: Connection) -> tuple[str, ...]:
        answers = [str(row[0]) for row in fetch_all(connection, "PRAGMA quick_check(10)")]
        return tuple(f"The file is damaged: {answer}." for answer in answers if answer != "ok")

    @contextmanager
    def change(self, connection: Connection) -> Iterator[None]:
        # With the keys on, dropping a table would empty the tables that refer to it; in the newer way of
        # renaming, a view on the table that is away for a moment is an error.
        [(keys,)] = fetch_all(connection, "PRAGMA foreign_keys")
        run(connection, "PRAGMA foreign_keys = OFF", "PRAGMA legacy_alter_table = ON", "BEGIN IMMEDIATE")
        try:
            yield
            run(connection, "COMMIT")
        except BaseException:
            run(connection, "ROLLBACK")
            raise
        finally:
            run(connection, "PRAGMA legacy_alter_table = OFF", f"PRAGMA foreign_keys = {keys}")


def _rebuild(connection: Connection, table: str, create_table: str) -> None:
    new = f"{table}__new"
    attached = [str(row[0]) for row in fetch_all(connection, _ATTACHED, (table,))]
    run(connection, f'CREATE TABLE "{new}" {create_table[create_table.index("(") :]}')
    columns = ", ".join(f'"{row[1]}"' for row in _pragma(connection, _LIVE, "table_info", new))
    run(
        connection,
        f'INSERT INTO "{new}" ({columns}) SELECT {columns} FROM "{table}"',
        f'DROP TABLE "{table}"',
        f'ALTER TABLE "{new}" RENAME TO "{table}"',
        *attached,
    )


def _read(connection: Connection, schema: str, tables: Collection[str]) -> Iterator[Part]:
    sql = _TABLES.format(schema=schema, marks=marks(len(tables), "?"))
    for table, create_table in fetch_all(connection, sql, list(tables)):
        text = read_table(create_table)
        yield Part(PartKind.TABLE, table, table, text.options)
        yield from _columns(connection, schema, table, text)
        yield from _foreign_keys(connection, schema, table, text)
        yield from _constraints(table, text)
        for name, create_index in fetch_all(connection, _INDEXES.format(schema=schema), (table,)):
            unique = "UNIQUE " if create_index.upper().startswith("CREATE UNIQUE") else ""
            yield Part(PartKind.INDEX, table, name, unique + index_body(create_index))


def _columns(connection: Connection, schema: str, table: str, text: TableText) -> Iterator[Part]:
    collations = dict(text.collations)
    for row in _pragma(connection, schema, "table_xinfo", table):
        _, name, kind, required, default, _, hidden = row
        words = [
            str(kind).upper(),
            f"COLLATE {collations[name]}" if name in collations else "",
            "NOT NULL" if required else "",
            f"DEFAULT {default}" if default is not None else "",
            "GENERATED" if hidden else "",
        ]
        yield Part(PartKind.COLUMN, table, name, " ".join(filter(None, words)))


def _foreign_keys(connection: Connection, schema: str, table: str, text: TableText) -> Iterator[Part]:
    names = {one.body: one.name for one in text.constraints if one.word == "foreign"}
    rows = _pragma(connection, schema, "foreign_key_list", table)
    for number in sorted({row[0] for row in rows}):
        key = sorted((row for row in rows if row[0] == number), key=lambda row: row[1])
        columns = [row[3] for row in key]
        _, _, target, _, _, on_update, on_delete, _ = key[0]
        definition = reference_text(columns, target, [row[4] or "" for row in key], on_delete, on_update)
        name = names.get(column_list(columns)) or definition
        yield Part(PartKind.FOREIGN_KEY, table, name, definition)


def _constraints(table: str, text: TableText) -> Iterator[Part]:
    kinds = {"check": PartKind.CHECK, "unique": PartKind.INDEX, "primary": PartKind.PRIMARY_KEY}
    for one in text.constraints:
        if one.word in kinds:
            definition = f"UNIQUE {one.body}" if one.word == "unique" else one.body
            yield Part(kinds[one.word], table, one.name or definition, definition)


def _pragma(connection: Connection, schema: str, pragma: str, table: str) -> list[tuple[Any, ...]]:
    return fetch_all(connection, f'PRAGMA {schema}.{pragma}("{table}")')
