"""What a backup warns of: what it does not hold, or what a restore of it will not bring back."""

from __future__ import annotations

from core.text import plural
from database.adapters.postgresql.backup_session import Session
from database.adapters.postgresql.inventory_settings import actual_collation_version
from database.adapters.postgresql.scope import Scope, in_words
from database.adapters.postgresql.superusers import find_left_out

_RECORDED_COLLATION = "SELECT datcollversion FROM pg_catalog.pg_database WHERE datname = current_database()"
# Grants on what came with an extension or with the server, that were changed since.
_CHANGED_GRANTS = """
    SELECT i.type || ' ' || i.identity FROM (
        SELECT 'pg_class'::regclass AS class, oid, relnamespace AS schema, relacl AS acl,
               acldefault(CASE relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", relowner) AS basis
        FROM pg_catalog.pg_class
        UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace, proacl, acldefault('f', proowner)
        FROM pg_catalog.pg_proc
        UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace, typacl, acldefault('T', typowner)
        FROM pg_catalog.pg_type
        UNION ALL SELECT 'pg_language'::regclass, oid, 11, lanacl, acldefault('l', lanowner)
        FROM pg_catalog.pg_language
    ) o LEFT JOIN pg_catalog.pg_init_privs p ON p.classoid = o.class AND p.objoid = o.oid AND p.objsubid = 0,
    LATERAL (SELECT coalesce(p.initprivs, o.basis) AS acl) was, pg_identify_object(o.class, o.oid, 0) i
    WHERE o.acl IS NOT NULL AND NOT (o.acl @> was.acl AND was.acl @> o.acl)
      AND (o.schema = 'pg_catalog'::regnamespace
           OR EXISTS (SELECT FROM pg_catalog.pg_depend e
                      WHERE e.classid = o.class AND e.objid = o.oid AND e.deptype = 'e'))
    ORDER BY 1
"""
_BROKEN = """
    SELECT format('%I.%I', n.nspname, c.relname) FROM pg_catalog.pg_index x
    JOIN pg_catalog.pg_class c ON c.oid = x.indexrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE NOT x.indisvalid AND c.relkind = 'i' ORDER BY 1
"""
# Of what was left out a table that was chosen may still need some: its copy cannot be made without.
_NEEDED = """
    SELECT DISTINCT format('%I.%I', tn.nspname, t.typname)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type u ON u.oid = a.atttypid
    JOIN pg_catalog.pg_type t ON t.oid = CASE u.typelem WHEN 0 THEN u.oid ELSE u.typelem END
    JOIN pg_catalog.pg_namespace tn ON tn.oid = t.typnamespace
    WHERE a.attrelid = ANY ({oids}) AND a.attnum > 0 AND NOT a.attisdropped AND t.oid >= 16384
      AND NOT {covered}
      AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                      WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid AND e.deptype = 'e')
    ORDER BY 1
"""


def find_warnings(session: Session, scope: Scope) -> tuple[str, ...]:
    """A sentence each."""
    said = []
    if broken := [name for (name,) in session.rows(_BROKEN)]:
        said.append(f"Left out, for they broke while they were made: the indexes {in_words(broken)}.")
    if left := [one.words for one in find_left_out(session, scope)]:
        said.append(f"A restore leaves out what only a superuser makes, and what needs it: {in_words(left)}.")
    if scope.is_whole and (changed := [name for (name,) in session.rows(_CHANGED_GRANTS)]):
        said.append(f"Changed grants on what came with the server are left out: {in_words(changed)}.")
    if not scope.is_whole:
        sql = _NEEDED.format(oids=scope.table_oids, covered=scope.of_schemas("t.typnamespace"))
        if needed := [name for (name,) in session.rows(sql)]:
            said.append(
                f"The tables need {plural(len(needed), 'type')} that the selection leaves out: "
                f"{in_words(needed)}. Without them they cannot be restored."
            )
    actual = actual_collation_version(session)
    if actual and (recorded := session.value(_RECORDED_COLLATION)) and recorded != actual:
        said.append(
            f"The collation changed from version {recorded} to {actual} under the database: rebuild its "
            "indexes, then run ALTER DATABASE REFRESH COLLATION VERSION."
        )
    return tuple(said)
