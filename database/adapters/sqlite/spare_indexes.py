"""The indexes that a table of an SQLite file can do without while many rows come."""

from __future__ import annotations

import re
import time

from database.adapters.base import Connection, fetch_all
from database.adapters.spare_indexes import SpareIndex, SpareIndexes

# Made by one statement of its own, not unique, and on plain columns that every program can compare: whatever
# rows come, it can be made again. A trigger or a view may insist on one by its name.
_FIND = """
    SELECT s.name, s.sql FROM pragma_index_list(?) i JOIN sqlite_master s ON s.name = i.name
    WHERE s.type = 'index' AND i.origin = 'c' AND NOT i."unique" AND NOT i.partial AND s.sql NOT LIKE '%;%'
      AND NOT EXISTS (SELECT 1 FROM pragma_index_xinfo(i.name) x
                      WHERE x.key AND (x.cid < 0 OR x.coll NOT IN ('BINARY', 'NOCASE', 'RTRIM')))
      AND NOT EXISTS (SELECT 1 FROM sqlite_master o
                      WHERE o.type IN ('trigger', 'view') AND o.sql LIKE '%INDEXED%BY%')
    ORDER BY 1
"""
_PAUSE = 0.15  # seconds before the next: who waits for the file looks at it every 0.1 s
_UNDEFINED = re.compile("no such (table|column): |table .* has no column named ")


class SQLiteSpareIndexes(SpareIndexes):
    """One SQLite file."""

    # Nobody else writes meanwhile, and waits no longer than 5 s: one on a text took up to 2.5 s with so many.
    most = 1_000_000

    def find(self, connection: Connection, table: str) -> tuple[SpareIndex, ...]:
        rows = fetch_all(connection, _FIND, (table,))
        return tuple(SpareIndex(self.adapter.quote(str(name)), str(sql)) for name, sql in rows)

    def is_there(self, connection: Connection, index: SpareIndex) -> bool:
        names = fetch_all(connection, "SELECT lower(name) FROM sqlite_master WHERE type = 'index'")
        return index.name.lower() in {self.adapter.quote(str(name)) for (name,) in names}

    def make(self, connection: Connection, index: SpareIndex) -> None:
        super().make(connection, index)
        time.sleep(_PAUSE)

    def lost_its_ground(self, error: BaseException) -> bool:
        return bool(_UNDEFINED.match(str(error)))
