"""When the newest row of a table came, as far as an index tells at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from database.adapters.base import Adapter, Connection

# A DATETIME is in no zone; a TIMESTAMP is a moment.
_MOMENTS = """
    SELECT DISTINCT s.table_name, s.column_name FROM information_schema.statistics s
    JOIN information_schema.columns c ON c.table_schema = s.table_schema
        AND c.table_name = s.table_name AND c.column_name = s.column_name
    WHERE s.table_schema = database() AND s.seq_in_index = 1 AND c.data_type = 'timestamp'
    ORDER BY 1, 2
"""


def newest_rows(adapter: Adapter, connection: Connection, tables: Sequence[str]) -> dict[str, datetime]:
    """As BackupAdapter.newest_rows."""
    found: dict[str, datetime] = {}
    for table, column in adapter.rows(connection, _MOMENTS):
        if table not in tables:
            continue
        quoted = adapter.quote(column)
        seconds = adapter.value(
            connection,
            f"SELECT unix_timestamp(max({quoted})) FROM {adapter.quote(table)} WHERE {quoted} <= now()",
        )
        if seconds:
            moment = datetime.fromtimestamp(float(seconds), UTC)
            found[table] = max(moment, found.get(table, moment))
    return found
