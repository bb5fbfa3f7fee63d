"""What nobody but a superuser makes in a database: a restore, which is never run by one, leaves it out, and a
backup says so (TRUST D5)."""

from __future__ import annotations

from dataclasses import dataclass

from database.adapters.postgresql.backup_session import Session
from database.adapters.postgresql.scope import USER_SCHEMA, Scope

# A routine in a language that is not trusted, one whose word about leaks is taken, a state the server keeps.
ROUTINE = """
    ({p}.prokind <> 'a' AND NOT (SELECT lanpltrusted FROM pg_catalog.pg_language WHERE oid = {p}.prolang)
     OR {p}.proleakproof
     OR EXISTS (SELECT FROM pg_catalog.pg_aggregate g WHERE g.aggfnoid = {p}.oid
                AND 'internal'::regtype IN (g.aggtranstype, g.aggmtranstype)))
"""
_ARGUMENTS = """
    (SELECT coalesce(string_agg(format_type(a.type, NULL), ', ' ORDER BY a.at), '')
     FROM unnest(o.proargtypes) WITH ORDINALITY a(type, at))
"""
_ROUTINE_KIND = "CASE o.prokind WHEN 'p' THEN 'PROCEDURE' WHEN 'a' THEN 'AGGREGATE' ELSE 'FUNCTION' END"
# What it is in an archive, its catalogue, its schema and name there, and which of them.
_KINDS = (
    (_ROUTINE_KIND, "pg_proc", "o.pronamespace", f"o.proname || '(' || {_ARGUMENTS} || ')'", ROUTINE),
    ("'TYPE'", "pg_type", "o.typnamespace", "o.typname",
     "o.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_catalog.pg_type e WHERE e.typarray = o.oid)"),
    ("'OPERATOR CLASS'", "pg_opclass", "o.opcnamespace", "o.opcname", "true"),
    ("'OPERATOR FAMILY'", "pg_opfamily", "o.opfnamespace", "o.opfname", "true"),
    ("'TEXT SEARCH TEMPLATE'", "pg_ts_template", "o.tmplnamespace", "o.tmplname", "true"),
    ("'TEXT SEARCH PARSER'", "pg_ts_parser", "o.prsnamespace", "o.prsname", "true"),
    ("'ACCESS METHOD'", "pg_am", "", "o.amname", "true"),
    ("'PROCEDURAL LANGUAGE'", "pg_language", "", "o.lanname", "true"),
    ("'FOREIGN DATA WRAPPER'", "pg_foreign_data_wrapper", "", "o.fdwname", "true"),
    ("'EVENT TRIGGER'", "pg_event_trigger", "", "o.evtname", "true"),
    ("'PUBLICATION'", "pg_publication", "", "o.pubname", "true"),
    ("'CAST'", "pg_cast", "",
     "format('CAST (%s AS %s)', format_type(o.castsource, NULL), format_type(o.casttarget, NULL))",
     "o.castmethod = 'b'"),
)  # fmt: skip
_SUBSCRIPTIONS = """
    SELECT 'SUBSCRIPTION', '-', s.subname FROM pg_catalog.pg_subscription s
    JOIN pg_catalog.pg_database b ON b.oid = s.subdbid WHERE b.datname = current_database()
"""
# Neither of an extension nor made with another, as the functions of a range are.
_BY_ITSELF = """
    NOT EXISTS (SELECT FROM pg_catalog.pg_depend e WHERE e.classid = '{catalogue}'::regclass
                AND e.objid = o.oid AND e.deptype IN ('e', 'i'))
"""
_FIRST_OF_OURS = 16384  # what came with the server has a lower number


@dataclass(frozen=True)
class Left:
    """One thing; `kind`, `schema` ("-" for none) and `name` as the contents of an archive have them."""

    kind: str
    schema: str
    name: str

    @property
    def words(self) -> str:
        """As people read it."""
        return f"{self.kind.lower()} {self.name if self.schema == '-' else f'{self.schema}.{self.name}'}"

    @property
    def entry(self) -> str:
        """How its entry in an archive begins, and..."""
        return f"{self.kind} {self.schema} {self.name}"

    @property
    def comment(self) -> str:
        """...the entry of the comment on it."""
        return f"COMMENT {self.schema} {self.kind} {self.name}"


def find_left_out(session: Session, scope: Scope) -> tuple[Left, ...]:
    """All that is covered and only a superuser makes, in the order of kinds and names."""
    asked = [_question(*kind, scope) for kind in _KINDS if scope.is_whole or kind[2]]
    if scope.is_whole:
        asked.append(_SUBSCRIPTIONS)
    rows = session.rows(" UNION ".join(asked) + " ORDER BY 1, 2, 3")
    return tuple(Left(*(" ".join(part.splitlines()) for part in row)) for row in rows)


def _question(kind: str, catalogue: str, schema: str, name: str, condition: str, scope: Scope) -> str:
    where = [condition.format(p="o"), f"o.oid >= {_FIRST_OF_OURS}", _BY_ITSELF.format(catalogue=catalogue)]
    join = ""
    if schema:
        join = f"JOIN pg_catalog.pg_namespace n ON n.oid = {schema}"
        where += [USER_SCHEMA, scope.of_schemas("n.oid")]
    said = "n.nspname::text" if schema else "'-'"
    place = f"pg_catalog.{catalogue} o {join}"
    return f"SELECT {kind}, {said}, ({name})::text FROM {place} WHERE {' AND '.join(where)}"
