"""What information_schema tells of the database that is in use: names, rows, sizes."""

from __future__ import annotations

from database.adapters.answers import whole
from database.adapters.base import Adapter, Connection, SchemaNames, TableSize

_TABLES = """
    SELECT table_name FROM information_schema.tables
    WHERE table_schema = database() AND table_type = 'BASE TABLE'
"""
_COLUMNS = """
    SELECT c.table_name, c.column_name FROM information_schema.columns c
    JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    WHERE c.table_schema = database() AND t.table_type = 'BASE TABLE'
"""
_INDEXES = """
    SELECT DISTINCT index_name FROM information_schema.statistics
    WHERE table_schema = database() AND index_name <> 'PRIMARY'
"""
_CONSTRAINTS = """
    SELECT constraint_name FROM information_schema.table_constraints
    WHERE table_schema = database() AND constraint_type IN ('CHECK', 'UNIQUE', 'FOREIGN KEY')
"""
_SIZES = """
    SELECT table_name, coalesce(table_rows, 0), coalesce(data_length + index_length, 0)
    FROM information_schema.tables
    WHERE table_schema = database() AND table_type = 'BASE TABLE' ORDER BY table_name
"""
_TOTAL = """
    SELECT coalesce(sum(data_length + index_length), 0) FROM information_schema.tables
    WHERE table_schema = database()
"""
_LEAST = 9  # bytes; InnoDB needs 18 for the shortest row, half of that where tables are compressed


def schema_names(adapter: Adapter, connection: Connection, constraints: str = _CONSTRAINTS) -> SchemaNames:
    """The names in the database. A unique constraint is an index here and a unique index a constraint, so
    their names are in both; an index made for a foreign key has its name."""
    return SchemaNames(
        tables=frozenset(name for (name,) in adapter.rows(connection, _TABLES)),
        columns=frozenset((table, name) for table, name in adapter.rows(connection, _COLUMNS)),
        indexes=frozenset(name for (name,) in adapter.rows(connection, _INDEXES)),
        constraints=frozenset(name for (name,) in adapter.rows(connection, constraints)),
    )


def table_sizes(adapter: Adapter, connection: Connection, exact_below: int) -> tuple[TableSize, ...]:
    """Rows and bytes of each table. InnoDB's estimate may be off by half, and is some seconds old: the bytes
    of a table that was filled since are left out."""
    return tuple(
        _table_size(adapter, connection, name, int(rows), int(size), exact_below)
        for name, rows, size in adapter.rows(connection, _SIZES)
    )


def database_size(adapter: Adapter, connection: Connection) -> int:
    """Bytes of all tables and indexes."""
    return whole(adapter.value(connection, _TOTAL))


def _table_size(
    adapter: Adapter, connection: Connection, name: str, estimate: int, size: int, exact_below: int
) -> TableSize:
    if estimate >= exact_below:
        return TableSize(name, estimate, False, _likely(size, estimate))
    counted = adapter.rows(
        connection, f"SELECT count(*) FROM (SELECT 1 FROM {adapter.quote(name)} LIMIT {exact_below:d}) x"
    )
    rows = int(counted[0][0])
    return TableSize(name, rows, rows < exact_below, _likely(size, rows))


def _likely(size: int, rows: int) -> int | None:
    return size if size >= rows * _LEAST else None
