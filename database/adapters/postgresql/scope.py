"""What a backup covers: all of a database, or the tables and schemas that were chosen, found in its catalogue
by the numbers they have there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from core.errors import InvalidInput, NotFound
from core.text import visible
from database.adapters.backup import Selection
from database.adapters.postgresql.backup_session import Session

# Schemas of the server's own begin with pg_, and nobody may make another of such a name.
USER_SCHEMA = r"(n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')"
NOT_OF_AN_EXTENSION = """
    NOT EXISTS (SELECT FROM pg_catalog.pg_depend e
                WHERE e.classid = '{catalogue}'::regclass AND e.objid = {oid} AND e.deptype = 'e')
"""
_OWN_TABLE = NOT_OF_AN_EXTENSION.format(catalogue="pg_class", oid="c.oid")
_TABLES = f"""
    SELECT c.oid, n.oid, n.nspname, c.relname, format('%I.%I', n.nspname, c.relname),
           c.relkind = 'r'
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND {USER_SCHEMA} AND {_OWN_TABLE}
    ORDER BY 3, 4
"""
_PARTS = """
    WITH RECURSIVE part AS (
        SELECT unnest({oids}) AS oid
        UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN part ON i.inhparent = part.oid
    ) SELECT oid FROM part
"""
_SCHEMAS = f"""
    SELECT n.nspname, n.oid FROM pg_catalog.pg_namespace n WHERE {USER_SCHEMA}
"""
_HIDDEN = """
    SELECT format('%I.%I', n.nspname, c.relname)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = ANY ({oids})
      AND (NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT')
           OR row_security_active(c.oid))
    ORDER BY 1
"""


@dataclass(frozen=True)
class Table:
    """A table; `name` is how an inventory names it, quoted where SQL would want that."""

    oid: int
    schema_oid: int
    schema: str
    bare_name: str
    name: str
    holds_rows: bool


@dataclass(frozen=True)
class Scope:
    """The tables that are covered, and the schemas whose other objects are, None for all."""

    tables: tuple[Table, ...]
    schemas: tuple[int, ...] | None = None
    schema_names: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """True when nothing was left out."""
        return self.schemas is None

    @cached_property
    def numbers(self) -> frozenset[int]:
        """Those of the tables."""
        return frozenset(table.oid for table in self.tables)

    @cached_property
    def table_oids(self) -> str:
        """The numbers of the tables as an array in SQL."""
        return _array([table.oid for table in self.tables])

    def of_tables(self, column: str) -> str:
        """The condition that the table numbered by that column is covered."""
        return "true" if self.is_whole else f"{column} = ANY ({self.table_oids})"

    def of_relations(self, oid: str, schema: str) -> str:
        """That a table, view or sequence is covered: by its number or as one of a schema."""
        return f"({self.of_tables(oid)} OR {self.of_schemas(schema)})"

    def of_schemas(self, column: str) -> str:
        """That all of the schema numbered by that column is covered."""
        return "true" if self.schemas is None else f"{column} = ANY ({_array(self.schemas)})"

    def touches_schema(self, column: str) -> str:
        """That something in that schema is covered; public is there in every copy."""
        if self.is_whole:
            return "true"
        touched = {table.schema_oid for table in self.tables} | set(self.schemas or ())
        return f"({column} = ANY ({_array(sorted(touched))}) OR {column} = 'public'::regnamespace)"


def find_scope(session: Session, selection: Selection) -> Scope:
    """What `selection` names, partitions with their table. Raises NotFound for a table or a schema that is
    not there, InvalidInput for what pg_dump does not take together."""
    if selection.tables and selection.schemas:
        raise InvalidInput(
            "PostgreSQL takes tables or schemas, not both.", hint="Name the tables of those schemas too."
        )
    tables = tuple(Table(*row) for row in session.rows(_TABLES))
    if not selection.names:
        return Scope(tables)
    schemas = dict(session.rows(_SCHEMAS))
    missing = [name for name in selection.schemas if name not in schemas]
    if missing:
        raise NotFound(f"There is no schema {visible(missing[0])}.")
    chosen_schemas = tuple(sorted(schemas[name] for name in selection.schemas))
    named = [_table(tables, name).oid for name in selection.tables]
    parts = {oid for (oid,) in session.rows(_PARTS.format(oids=_array(named)))} if named else set()
    chosen = [table for table in tables if table.oid in parts or table.schema_oid in chosen_schemas]
    return Scope(tuple(chosen), chosen_schemas, selection.schemas)


def hidden_tables(session: Session, scope: Scope) -> tuple[str, ...]:
    """The covered tables of which this account sees nothing or, by a policy, not all rows (TRUST B7)."""
    return tuple(name for (name,) in session.rows(_HIDDEN.format(oids=scope.table_oids)))


def in_words(names: Sequence[str], shown: int = 5) -> str:
    """ "a, b, c and 4 more"."""
    more = len(names) - shown
    listed = ", ".join(visible(name) for name in names[:shown])
    return f"{listed} and {more:,} more" if more > 0 else listed


def _table(tables: Sequence[Table], name: str) -> Table:
    """The one that an inventory names so, or that is called so, or alone or in public has that bare name."""
    for matches in (
        [table for table in tables if table.name == name],
        [table for table in tables if f"{table.schema}.{table.bare_name}" == name],
        [table for table in tables if table.bare_name == name and table.schema == "public"],
        [table for table in tables if table.bare_name == name],
    ):
        if len(matches) == 1:
            return matches[0]
    raise NotFound(f"There is no table {visible(name)}.", hint="Name it with its schema: public.users.")


def _array(oids: Sequence[int]) -> str:
    return f"'{{{','.join(str(int(oid)) for oid in oids)}}}'::oid[]"
