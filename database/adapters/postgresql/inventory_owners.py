"""Who owns what, and who was granted what, as facts that can be read back: a restore gives a copy to the same
people."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from database.adapters.postgresql.backup_session import Session
from database.adapters.postgresql.scope import NOT_OF_AN_EXTENSION, USER_SCHEMA, Scope
from database.adapters.postgresql.superusers import ROUTINE
from database.manifest import Fact, FactKind

DATABASE = "database"  # the name of the fact about the database itself, whose copy is called otherwise
LARGE_OBJECTS = "large objects"
_OWN_TYPE = """
    o.typtype IN ('c', 'd', 'e', 'r')
    AND (o.typrelid = 0 OR (SELECT relkind FROM pg_catalog.pg_class WHERE oid = o.typrelid) = 'c')
    AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = o.oid)
"""
# A sequence that belongs to a column goes with its table.
_OWN_CLASS = """
    o.relpersistence <> 't' AND (o.relkind IN ('r', 'p', 'v', 'm', 'f') OR o.relkind = 'S' AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend s WHERE s.classid = 'pg_class'::regclass AND s.objid = o.oid
          AND s.deptype IN ('a', 'i') AND s.refclassid = 'pg_class'::regclass AND s.refobjsubid > 0))
"""
_ALL = "true"


@dataclass(frozen=True)
class _Catalogue:
    """A catalogue of things with owners: its columns for schema and owner, which of them count, and its
    column of grants with the letter by which the server knows what is granted there by default."""

    name: str
    schema: str
    owner: str
    condition: str = _ALL
    grants: str = ""
    letter: str = ""


_SCHEMALESS = "0"
_CATALOGUES = (
    _Catalogue("pg_namespace", "o.oid", "nspowner", grants="nspacl", letter="'n'"),
    _Catalogue("pg_class", "o.relnamespace", "relowner", _OWN_CLASS),
    _Catalogue(
        "pg_proc", "o.pronamespace", "proowner", f"NOT {ROUTINE.format(p='o')}", grants="proacl", letter="'f'"
    ),
    _Catalogue("pg_type", "o.typnamespace", "typowner", _OWN_TYPE, "typacl", "'T'"),
    _Catalogue("pg_operator", "o.oprnamespace", "oprowner"),
    _Catalogue("pg_collation", "o.collnamespace", "collowner"),
    _Catalogue("pg_conversion", "o.connamespace", "conowner"),
    _Catalogue("pg_ts_config", "o.cfgnamespace", "cfgowner"),
    _Catalogue("pg_ts_dict", "o.dictnamespace", "dictowner"),
    _Catalogue("pg_statistic_ext", "o.stxnamespace", "stxowner"),
    _Catalogue("pg_foreign_server", _SCHEMALESS, "srvowner", grants="srvacl", letter="'S'"),
)
# All sequences have grants of their own.
_GRANTED_CLASS = "o.relpersistence <> 't' AND o.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
_CLASS_GRANTS = _Catalogue(
    "pg_class", "o.relnamespace", "relowner", _GRANTED_CLASS, "relacl",
    "(CASE o.relkind WHEN 'S' THEN 's' ELSE 'r' END)::\"char\"",
)  # fmt: skip
_OBJECTS = """
    SELECT i.type || ' ' || i.identity, pg_get_userbyid(o.{owner})
    FROM pg_catalog.{name} o {namespace}, pg_identify_object('{name}'::regclass, o.oid, 0) i
    WHERE {condition} AND {own} AND {covered}
"""
_DATABASE_OWNER = f"""
    SELECT '{DATABASE}', pg_get_userbyid(datdba)
    FROM pg_catalog.pg_database WHERE datname = current_database()
"""
_LARGE_OBJECT_OWNERS = f"""
    SELECT '{LARGE_OBJECTS}', string_agg(DISTINCT pg_get_userbyid(lomowner), ', ')
    FROM pg_catalog.pg_largeobject_metadata HAVING count(*) > 0
"""
# What was granted in all: nothing is told where that is what everybody starts with, but for the schema that
# every new database has, with grants of its own.
_EXPLODED = """
    SELECT object, CASE x.grantor WHEN owner THEN '' ELSE pg_get_userbyid(x.grantor) END,
           CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
           x.privilege_type, x.is_grantable,
           ARRAY(SELECT privilege_type FROM aclexplode(nullif(basis, '{{}}')) b WHERE b.grantee = owner)
    FROM ({objects}) g LEFT JOIN LATERAL aclexplode(nullif(g.acl, '{{}}')) x ON true
    WHERE acl IS NOT NULL AND (object = 'schema public' OR NOT (acl @> basis AND basis @> acl))
"""
_GRANTED = """
    SELECT i.type || ' ' || i.identity AS object, o.{owner} AS owner,
           coalesce(o.{grants}, acldefault({letter}, o.{owner})) AS acl,
           acldefault({letter}, o.{owner}) AS basis
    FROM pg_catalog.{name} o {namespace}, pg_identify_object('{name}'::regclass, o.oid, 0) i
    WHERE (o.{grants} IS NOT NULL OR '{name}' = 'pg_namespace') AND {condition} AND {own} AND {covered}
"""
_GRANTED_DATABASE = f"""
    SELECT '{DATABASE}' AS object, datdba AS owner, coalesce(datacl, acldefault('d', datdba)) AS acl,
           acldefault('d', datdba) AS basis
    FROM pg_catalog.pg_database WHERE datname = current_database()
"""
_GRANTED_COLUMNS = """
    SELECT 'table column ' || format('%I.%I.%I', n.nspname, o.relname, a.attname) AS object,
           o.relowner AS owner, a.attacl AS acl, '{{}}'::aclitem[] AS basis
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class o ON o.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = o.relnamespace
    WHERE a.attacl IS NOT NULL AND a.attnum > 0 AND NOT a.attisdropped AND {user} AND {own} AND {covered}
"""
_GRANTED_BY_DEFAULT = """
    SELECT format('default for %I%s on %s', pg_get_userbyid(o.defaclrole),
                  ' in ' || quote_ident(n.nspname),
                  CASE o.defaclobjtype WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences'
                       WHEN 'f' THEN 'routines' WHEN 'T' THEN 'types' WHEN 'n' THEN 'schemas'
                       ELSE 'large objects' END) AS object,
           o.defaclrole AS owner, o.defaclacl AS acl,
           CASE o.defaclnamespace WHEN 0
                THEN acldefault(CASE o.defaclobjtype WHEN 'S' THEN 's' ELSE o.defaclobjtype END, o.defaclrole)
                ELSE '{}'::aclitem[] END AS basis
    FROM pg_catalog.pg_default_acl o LEFT JOIN pg_catalog.pg_namespace n ON n.oid = o.defaclnamespace
"""


def read_owners(session: Session, scope: Scope) -> Iterator[Fact]:
    """The owner of each thing, of large objects all together."""
    questions = [_OBJECTS.format(**_words(one, scope)) for one in _CATALOGUES]
    if scope.is_whole:
        questions.append(_LARGE_OBJECT_OWNERS)
    for name, owner in session.rows(" UNION ALL ".join([_DATABASE_OWNER, *questions])):
        yield Fact(FactKind.OWNER, name, owner)


def read_grants(session: Session, scope: Scope) -> Iterator[Fact]:
    """What was granted on each thing: "ALL to app; SELECT to reader, "odd name"; UPDATE* to bob by app". A
    star stands where it may be granted on."""
    questions = [
        _GRANTED_DATABASE,
        *(_GRANTED.format(**_words(one, scope)) for one in (*_CATALOGUES, _CLASS_GRANTS) if one.grants),
        _GRANTED_COLUMNS.format(
            user=USER_SCHEMA,
            own=NOT_OF_AN_EXTENSION.format(catalogue="pg_class", oid="o.oid"),
            covered=scope.of_relations("o.oid", "o.relnamespace"),
        ),
    ]
    if scope.is_whole:
        questions.append(_GRANTED_BY_DEFAULT)
    rows = session.rows(_EXPLODED.format(objects=" UNION ALL ".join(questions)))
    objects: dict[str, list[tuple[Any, ...]]] = {}
    for name, *row in rows:
        objects.setdefault(name, []).append(tuple(row))
    for name, granted in objects.items():
        yield Fact(FactKind.GRANT, name, _in_words(granted))


def _words(one: _Catalogue, scope: Scope) -> dict[str, str]:
    has_schema = one.schema != _SCHEMALESS
    covered = scope.of_schemas(one.schema)
    if one.name == "pg_class":
        covered = scope.of_relations("o.oid", one.schema)
    elif one.name == "pg_namespace":
        covered = scope.touches_schema(one.schema)
    join = f"JOIN pg_catalog.pg_namespace n ON n.oid = {one.schema}" if has_schema else ""
    return {
        "name": one.name,
        "owner": one.owner,
        "namespace": join,
        # What came with the server has a number below all that is made later.
        "condition": f"{one.condition} AND {USER_SCHEMA if has_schema else 'o.oid >= 16384'}",
        "own": NOT_OF_AN_EXTENSION.format(catalogue=one.name, oid="o.oid"),
        "covered": covered,
        "grants": one.grants,
        "letter": one.letter,
    }


@dataclass(frozen=True)
class Grant:
    """Privileges of one grantee, as SQL writes them; `grantor` is "" for the owner."""

    privileges: tuple[str, ...]
    grantee: str
    can_grant_on: bool = False
    grantor: str = ""


def _in_words(rows: Sequence[tuple[Any, ...]]) -> str:
    """`rows` of one object: grantor, grantee, privilege, may be granted on, all that the owner has."""
    groups: dict[tuple[str, str, bool], set[str]] = {}
    for grantor, grantee, privilege, can_grant_on, _ in rows:
        if privilege:
            groups.setdefault((grantor or "", grantee, can_grant_on), set()).add(privilege)
    everything = set(rows[0][4])
    parts = []
    for (grantor, grantee, can_grant_on), privileges in sorted(groups.items()):
        # Which privileges there are changes from release to release.
        said = "ALL" if everything and privileges >= everything else ", ".join(sorted(privileges))
        by = f" by {_quoted(grantor)}" if grantor else ""
        parts.append(f"{said}{'*' if can_grant_on else ''} to {grantee}{by}")
    return "; ".join(parts) or "nothing"


def _quoted(name: str) -> str:
    return name if re.fullmatch(r"[a-z_][a-z0-9_]*", name) else '"' + name.replace('"', '""') + '"'


_NAME = r'(?:[^\s";]+|"(?:[^"]|"")*")'
_PART = re.compile(rf"(?P<said>[A-Z, ]+?)(?P<on>\*?) to (?P<to>{_NAME})(?: by (?P<by>{_NAME}))?(?:; |$)")


def grants_in(value: str) -> tuple[Grant, ...]:
    """What a fact of this kind says, names quoted for SQL."""
    return tuple(
        Grant(tuple(one["said"].split(", ")), one["to"], bool(one["on"]), one["by"] or "")
        for one in _PART.finditer(value)
    )
