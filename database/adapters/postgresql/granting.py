"""Grants of a manifest as statements. No text of a manifest is part of one: objects are those of the copy, by
the names its own catalogue gives, and every role is quoted anew."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from core.text import visible
from database.adapters.backup import Selection
from database.adapters.postgresql.backup_session import Session
from database.adapters.postgresql.inventory_owners import DATABASE, Grant, grants_in, read_owners
from database.adapters.postgresql.scope import USER_SCHEMA, find_scope
from database.adapters.postgresql.selected import parts_of

_PRIVILEGE = re.compile(r"[A-Z]+( [A-Z]+)*")
_WORDS = {
    "materialized view": "TABLE", "foreign table": "TABLE", "table": "TABLE", "view": "TABLE",
    "sequence": "SEQUENCE", "function": "ROUTINE", "procedure": "ROUTINE", "aggregate": "ROUTINE",
    "type": "TYPE", "schema": "SCHEMA", "server": "FOREIGN SERVER",
}  # fmt: skip
_COLUMN = "table column "
_RELATIONS = f"""
    SELECT CASE c.relkind WHEN 'S' THEN 'sequence ' ELSE '' END || format('%I.%I', n.nspname, c.relname)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind = 'S' AND {USER_SCHEMA}
"""
_COLUMNS = f"""
    SELECT format('%I.%I.%I', n.nspname, c.relname, a.attname), format('%I.%I', n.nspname, c.relname),
           quote_ident(a.attname)
    FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
    JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND {USER_SCHEMA}
"""
_NAME = r'(?:[^\s"]+|"(?:[^"]|"")*")'
_DEFAULT = re.compile(
    rf"default for (?P<role>{_NAME})(?:\s+in (?P<schema>{_NAME}))?"
    r" on (?P<kind>tables|sequences|routines|types|schemas|large objects)"
)


@dataclass(frozen=True)
class Statement:
    """One GRANT or REVOKE, and what it is about."""

    object: str
    sql: str


@dataclass(frozen=True)
class Granting:
    """What to run, and what cannot be, a sentence each."""

    statements: tuple[Statement, ...]
    left_out: tuple[str, ...]


def statements_for(session: Session, database: str, wanted: Mapping[str, str], roles: set[str]) -> Granting:
    """What makes the grants on the copy those of the facts `wanted`, for those of `roles` that are there."""
    one = _Writer(session, database, roles)
    statements = [statement for name, value in wanted.items() for statement in one.write(name, value)]
    if DATABASE not in wanted:  # it was closed when it was made
        statements.insert(0, Statement(DATABASE, f"GRANT CONNECT, TEMP ON {one.database} TO PUBLIC"))
    return Granting(tuple(statements), tuple(dict.fromkeys(one.left_out)))


class _Writer:
    def __init__(self, session: Session, database: str, roles: set[str]) -> None:
        self._session = session
        self._roles = roles
        self.database = f"DATABASE {session.quote(database)}"
        self.left_out: list[str] = []
        self._owners = {
            fact.name: fact.value for fact in read_owners(session, find_scope(session, Selection()))
        }
        self._objects = {*self._owners, *(name for (name,) in session.rows(_RELATIONS))}
        self._columns = {name: (table, column) for name, table, column in session.rows(_COLUMNS)}

    def write(self, name: str, value: str) -> Iterator[Statement]:
        """The statements for one object."""
        grants = [grant for grant in grants_in(value) if self._is_possible(name, grant)]
        if name == DATABASE:
            yield from self._replaced(name, self.database, grants)
        elif name.startswith(_COLUMN):
            yield from self._on_column(name, grants)
        elif found := _DEFAULT.fullmatch(name):
            yield from self._by_default(name, found, grants)
        elif name in self._objects and (words := self._words(name)):
            yield from self._replaced(name, words, grants)
        else:
            self.left_out.append(f"The grants on {visible(name)} were left out: it is not in the copy.")

    def _replaced(self, name: str, words: str, grants: list[Grant]) -> Iterator[Statement]:
        """Nothing of what everybody starts with, and then each."""
        owner = self._owners.get(name)
        from_owner = f", {self._session.quote(owner)}" if owner else ""
        yield Statement(name, f"REVOKE ALL ON {words} FROM PUBLIC{from_owner}")
        for grant in grants:
            yield self._granted(name, grant, f"GRANT {', '.join(grant.privileges)} ON {words}")

    def _on_column(self, name: str, grants: list[Grant]) -> Iterator[Statement]:
        found = self._columns.get(name.removeprefix(_COLUMN))
        if found is None:
            self.left_out.append(f"The grants on {visible(name)} were left out: it is not in the copy.")
            return
        table, column = found
        for grant in grants:
            said = ", ".join(f"{privilege} ({column})" for privilege in grant.privileges)
            yield self._granted(name, grant, f"GRANT {said} ON TABLE {table}")

    def _by_default(self, name: str, found: re.Match[str], grants: list[Grant]) -> Iterator[Statement]:
        role = self._bare(found["role"])
        if role not in self._roles:
            self.left_out.append(
                f"The role {visible(role)} is not on this server: its defaults were left out."
            )
            return
        schema = f" IN SCHEMA {self._session.quote(self._bare(found['schema']))}" if found["schema"] else ""
        start = f"ALTER DEFAULT PRIVILEGES FOR ROLE {self._session.quote(role)}{schema}"
        kind = found["kind"].upper()
        if not schema:
            yield Statement(name, f"{start} REVOKE ALL ON {kind} FROM PUBLIC, {self._session.quote(role)}")
        for grant in grants:
            yield Statement(name, f"{start} GRANT {', '.join(grant.privileges)} ON {kind} {self._to(grant)}")

    def _words(self, name: str) -> str:
        kind = next((one for one in _WORDS if name.startswith(f"{one} ")), "")
        return f"{_WORDS[kind]} {name.removeprefix(f'{kind} ')}" if kind else ""

    def _is_possible(self, name: str, grant: Grant) -> bool:
        if not all(_PRIVILEGE.fullmatch(privilege) for privilege in grant.privileges):
            return False
        grantee = self._bare(grant.grantee)
        if grant.grantee != "PUBLIC" and grantee not in self._roles:
            self.left_out.append(
                f"The role {visible(grantee)} is not on this server: its grants were left out."
            )
            return False
        return True

    def _granted(self, name: str, grant: Grant, start: str) -> Statement:
        """By whom it was granted, unless by the owner. Two statements at once are one transaction."""
        sql, grantor = f"{start} {self._to(grant)}", self._bare(grant.grantor)
        if grantor in self._roles:
            sql = f"SET LOCAL ROLE {self._session.quote(grantor)}; {sql}"
        return Statement(name, sql)

    def _to(self, grant: Grant) -> str:
        grantee = "PUBLIC" if grant.grantee == "PUBLIC" else self._session.quote(self._bare(grant.grantee))
        return f"TO {grantee}{' WITH GRANT OPTION' if grant.can_grant_on else ''}"

    def _bare(self, name: str) -> str:
        return ".".join(parts_of(name)) if name.startswith('"') else name
