"""The indexes that a table on PostgreSQL can do without while many rows come."""

from __future__ import annotations

from database.adapters.base import Connection, fetch_all
from database.adapters.spare_indexes import SpareIndex, SpareIndexes

_UNDEFINED = ("3F000", "42703", "42P01")  # schema, column, table

# Neither unique nor behind a constraint, and on plain columns: they can be made again whatever rows come.
# Nothing about them that their statement does not tell: no comment, tablespace, statistics target or order of
# CLUSTER, nothing that depends on them or that they belong to.
_FIND = """
    SELECT i.oid::pg_catalog.regclass::text, pg_catalog.pg_get_indexdef(i.oid)
    FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
    JOIN pg_catalog.pg_class t ON t.oid = x.indrelid
    WHERE t.oid = %s::pg_catalog.regclass AND t.relkind = 'r' AND NOT t.relispartition
      AND x.indisvalid AND NOT x.indisunique AND NOT x.indisexclusion AND NOT x.indisclustered
      AND x.indexprs IS NULL AND x.indpred IS NULL
      AND i.reltablespace = 0 AND pg_catalog.obj_description(i.oid, 'pg_class') IS NULL
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_attribute a
                      WHERE a.attrelid = i.oid AND coalesce(a.attstattarget, -1) <> -1)
      AND NOT EXISTS (SELECT 1 FROM pg_catalog.pg_depend d
                      WHERE d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = i.oid
                         OR d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = i.oid
                            AND d.deptype NOT IN ('a', 'n'))
      AND pg_catalog.pg_has_role(t.relowner, 'USAGE')
      AND pg_catalog.has_schema_privilege(i.relnamespace, 'CREATE')
    ORDER BY 1
"""


class PostgreSQLSpareIndexes(SpareIndexes):
    """One PostgreSQL database."""

    def find(self, connection: Connection, table: str) -> tuple[SpareIndex, ...]:
        rows = fetch_all(connection, _FIND, (self.adapter.quote(table),))
        return tuple(SpareIndex(str(name), str(definition)) for name, definition in rows)

    def is_there(self, connection: Connection, index: SpareIndex) -> bool:
        sql = "SELECT pg_catalog.to_regclass(%s) IS NOT NULL"
        return bool(fetch_all(connection, sql, (index.name,))[0][0])

    def lost_its_ground(self, error: BaseException) -> bool:
        return getattr(error, "pgcode", None) in _UNDEFINED
