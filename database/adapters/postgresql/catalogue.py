"""What PostgreSQL's catalogue tells of the schema that is in use: names, rows, sizes."""

from __future__ import annotations

from dataclasses import replace

from database.adapters.base import Adapter, Connection, SchemaNames, TableSize

_TABLES = """
    SELECT c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = pg_catalog.current_schema() AND c.relkind IN ('r', 'p')
"""
_COLUMNS = """
    SELECT c.relname, a.attname
    FROM pg_catalog.pg_attribute a
    JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = pg_catalog.current_schema() AND c.relkind IN ('r', 'p')
      AND a.attnum > 0 AND NOT a.attisdropped
"""
# An index that PostgreSQL makes for a constraint has that constraint's name and is not listed.
_INDEXES = """
    SELECT c.relname
    FROM pg_catalog.pg_index i
    JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = pg_catalog.current_schema() AND i.indisvalid
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_constraint k
                      WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
"""
_CONSTRAINTS = """
    SELECT k.conname FROM pg_catalog.pg_constraint k
    JOIN pg_catalog.pg_namespace n ON n.oid = k.connamespace
    WHERE n.nspname = pg_catalog.current_schema() AND k.contype IN ('c', 'u', 'f')
"""
_SIZES = """
    SELECT n.nspname, c.relname, c.reltuples::bigint, pg_catalog.pg_total_relation_size(c.oid)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = pg_catalog.current_schema() AND c.relkind IN ('r', 'p')
    ORDER BY c.relname
"""


def schema_names(adapter: Adapter, connection: Connection) -> SchemaNames:
    """The names in the first schema of the search path; an index that is being built or broke is left out."""
    return SchemaNames(
        tables=frozenset(name for (name,) in adapter.rows(connection, _TABLES)),
        columns=frozenset((table, name) for table, name in adapter.rows(connection, _COLUMNS)),
        indexes=frozenset(name for (name,) in adapter.rows(connection, _INDEXES)),
        constraints=frozenset(name for (name,) in adapter.rows(connection, _CONSTRAINTS)),
    )


def table_sizes(adapter: Adapter, connection: Connection, exact_below: int) -> tuple[TableSize, ...]:
    """Rows and bytes of each table of that schema."""
    return tuple(
        table_size(
            adapter,
            connection,
            f"{adapter.quote(schema)}.{adapter.quote(name)}",
            TableSize(name, estimate, False, size),
            exact_below,
        )
        for schema, name, estimate, size in adapter.rows(connection, _SIZES)
    )


def table_size(
    adapter: Adapter, connection: Connection, table: str, guess: TableSize, exact_below: int
) -> TableSize:
    """The table that SQL calls `table`, counted where what the catalogue guesses is below `exact_below`."""
    if guess.rows >= exact_below:
        return guess
    counted = adapter.rows(connection, f"SELECT count(*) FROM (SELECT FROM {table} LIMIT {exact_below:d}) x")
    rows: int = counted[0][0]
    if rows < exact_below:
        return replace(guess, rows=rows, exact=True)
    # It grew since it was last analysed, or never was: the planner reckons with its length of today.
    plan = adapter.rows(connection, f"EXPLAIN (FORMAT JSON) SELECT FROM {table}")
    return replace(guess, rows=max(rows, int(plan[0][0][0]["Plan"]["Plan Rows"])))
