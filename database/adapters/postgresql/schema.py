"""Schemas on PostgreSQL: pg_catalog, whose own functions print each definition."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from database.adapters.base import Connection, fetch_all
from database.adapters.schema import Part, PartKind, Reference, SchemaAdapter, run, temporary

_LIVE = "SELECT current_schema()"
_TEMPORARY = "SELECT nspname FROM pg_namespace WHERE oid = pg_my_temp_schema()"
_IDLE = 0  # psycopg2.extensions.TRANSACTION_STATUS_IDLE
_OURS = "n.nspname = %s AND c.relname = ANY(%s) AND c.relkind IN ('r', 'p')"
_FROM = "FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"

_TABLES = f"""
SELECT c.relname, c.relname, CASE c.relpersistence WHEN 'u' THEN 'UNLOGGED' ELSE '' END
{_FROM} WHERE {_OURS}
"""

# A sequence is printed by the name it happens to have: a renamed or restored one may have another.
_COLUMNS = rf"""
SELECT c.relname, a.attname, concat_ws(' ',
    format_type(a.atttypid, a.atttypmod),
    CASE WHEN a.attcollation <> t.typcollation THEN 'COLLATE ' || l.collname END,
    CASE WHEN a.attnotnull THEN 'NOT NULL' END,
    CASE WHEN a.attidentity <> '' THEN 'IDENTITY' END,
    CASE WHEN a.attgenerated <> '' THEN 'GENERATED' END,
    'DEFAULT ' || regexp_replace(pg_get_expr(d.adbin, d.adrelid), 'nextval\(.*\)', 'nextval()'))
{_FROM}
JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation l ON l.oid = a.attcollation
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE {_OURS}
"""

_INDEXES = rf"""
SELECT c.relname, i.relname, concat_ws(' ',
    CASE WHEN x.indisunique THEN 'UNIQUE' END,
    regexp_replace(replace(split_part(pg_get_indexdef(x.indexrelid), ' USING ', 2), '"', ''), '^btree ', ''),
    CASE WHEN NOT x.indimmediate THEN 'DEFERRABLE' END,
    CASE WHEN NOT x.indisvalid THEN 'INVALID' END)
{_FROM}
JOIN pg_index x ON x.indrelid = c.oid AND NOT x.indisprimary
JOIN pg_class i ON i.oid = x.indexrelid
WHERE {_OURS} AND i.relname NOT LIKE 'parts\_of\_%%'
"""

_CONSTRAINTS = f"""
SELECT c.relname, k.conname, pg_get_constraintdef(k.oid)
{_FROM} JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype IN ('p', 'f', 'c')
WHERE {_OURS}
"""
_KINDS = {
    "PRIMARY KEY": PartKind.PRIMARY_KEY,
    "FOREIGN KEY": PartKind.FOREIGN_KEY,
    "CHECK": PartKind.CHECK,
}

_PRIVILEGE = "SELECT format('GRANT TEMPORARY ON DATABASE %I TO %I', current_database(), current_user)"
_REFERENCES = """
SELECT k.conrelid::regclass::text, k.conname, f.relname
FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid JOIN pg_class c ON c.oid = k.conrelid
JOIN pg_namespace n ON n.oid = f.relnamespace
WHERE k.contype = 'f' AND n.nspname = current_schema() AND f.relname = ANY(%s)
    AND NOT (c.relnamespace = f.relnamespace AND c.relname = ANY(%s))
ORDER BY 1, 2
"""


class PostgreSQLSchemaAdapter(SchemaAdapter):
    """The schema that comes first on the search path."""

    def parts(self, connection: Connection, tables: Collection[str]) -> tuple[Part, ...]:
        return _read(connection, _LIVE, tables)

    def declared_parts(self, connection: Connection, statements: Mapping[str, str]) -> tuple[Part, ...]:
        with _undone(connection):
            run(connection, *map(temporary, statements.values()))
            return _read(connection, _TEMPORARY, statements)

    def temporary_privilege(self, connection: Connection) -> str:
        [(statement,)] = fetch_all(connection, _PRIVILEGE)
        return str(statement)

    def foreign_references(self, connection: Connection, tables: Collection[str]) -> tuple[Reference, ...]:
        rows = fetch_all(connection, _REFERENCES, (list(tables), list(tables)))
        return tuple(Reference(*row) for row in rows)

    def drop_tables(self, connection: Connection, tables: Sequence[str]) -> None:
        # One statement: the tables may refer to each other, and either all go or none.
        run(connection, f"DROP TABLE {', '.join(tables)}")

    def findings(self, connection: Connection) -> tuple[str, ...]:
        [(encoding,)] = fetch_all(connection, "SHOW server_encoding")
        if encoding == "UTF8":
            return ()
        return (f"The database's encoding is {encoding}, not UTF8.",)

    @contextmanager
    def change(self, connection: Connection) -> Iterator[None]:
        run(connection, "BEGIN")
        try:
            yield
        except BaseException:
            run(connection, "ROLLBACK")
            raise
        run(connection, "COMMIT")


@contextmanager
def _undone(connection: Any) -> Iterator[None]:
    """Whatever happens inside is rolled back; the transaction around it, if there is one, goes on."""
    alone = connection.autocommit and connection.info.transaction_status == _IDLE
    run(connection, "BEGIN" if alone else "SAVEPOINT declared_parts")
    try:
        yield
    finally:
        run(connection, "ROLLBACK" if alone else "ROLLBACK TO SAVEPOINT declared_parts")


def _read(connection: Connection, namespace: str, tables: Collection[str]) -> tuple[Part, ...]:
    values = (fetch_all(connection, namespace)[0][0], list(tables))
    return (
        *(Part(PartKind.TABLE, *row) for row in fetch_all(connection, _TABLES, values)),
        *(Part(PartKind.COLUMN, *row) for row in fetch_all(connection, _COLUMNS, values)),
        *(Part(PartKind.INDEX, *row) for row in fetch_all(connection, _INDEXES, values)),
        *(_constraint(*row) for row in fetch_all(connection, _CONSTRAINTS, values)),
    )


def _constraint(table: str, name: str, text: str) -> Part:
    words = next(words for words in _KINDS if text.startswith(words))
    definition = text.removeprefix(words).strip()
    if words != "CHECK":
        definition = re.sub(r"(REFERENCES [^(]+)\(", r"\1 (", definition.replace('"', ""))
    return Part(_KINDS[words], table, name, definition)
