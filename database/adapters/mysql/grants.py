"""Who may do what in one database: read from the catalogue, given again elsewhere, taken back."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from core.progress import Operation
from database.adapters.mysql.backup_session import Session, may
from database.adapters.mysql.code import account_in_sql
from database.adapters.mysql.site import Site
from database.manifest import Fact, FactKind, Inventory, Manifest

# The accounts that restores make for themselves: see place.py.
OWN_ACCOUNT = re.compile(r"bk_[a-z]_[0-9a-z]{26}")
_GRANTEE = re.compile(r"'(.*)'@'(.*)'", re.DOTALL)
_NAME = re.compile(r"('.*'@'.*')(?: on (table|procedure|function) (.+))?", re.DOTALL)
_PRIVILEGE = r"[A-Z][A-Z _]*(?: \(`(?:[^`]|``)+`(?:, `(?:[^`]|``)+`)*\))?"
_VALUE = re.compile(rf"{_PRIVILEGE}(?:, {_PRIVILEGE})*(?: WITH GRANT OPTION)?", re.DOTALL)
_OPTION = " WITH GRANT OPTION"
_ACCOUNTS = "SELECT user, host FROM mysql.user"
_READABLE = "SELECT 1 FROM mysql.procs_priv, mysql.user LIMIT 1"
# In a grant on a whole database `_` and `%` stand for any character unless they are escaped (TRUST D9).
PLAIN_NAME = r"replace(replace(replace({}, '\\_', '_'), '\\%%', '%%'), '\\\\', '\\')"
_DATABASE_WIDE = f"""
    SELECT grantee, privilege_type, is_grantable FROM information_schema.schema_privileges
    WHERE {PLAIN_NAME.format("table_schema")} = %s
"""
_TABLE_WIDE = """
    SELECT grantee, table_name, privilege_type, is_grantable FROM information_schema.table_privileges
    WHERE table_schema = %s
"""
_COLUMN_WIDE = """
    SELECT grantee, table_name, privilege_type, is_grantable, column_name
    FROM information_schema.column_privileges WHERE table_schema = %s
"""
_ROUTINES = "SELECT user, host, routine_name, routine_type, proc_priv FROM mysql.procs_priv WHERE db = %s"


@dataclass(frozen=True)
class Grant:
    """What one account may do with the database, or with one `object` of it, such as ("table", "person").
    `value` is what stands between GRANT and ON."""

    user: str
    host: str
    value: str
    object: tuple[str, str] = ("", "")
    with_option: bool = False

    @property
    def fact(self) -> Fact:
        """As a manifest keeps it."""
        where = f" on {self.object[0]} {self.object[1]}" if self.object[0] else ""
        option = _OPTION if self.with_option else ""
        return Fact(FactKind.GRANT, f"'{self.user}'@'{self.host}'{where}", self.value + option)


def are_readable(session: Session) -> bool:
    """True when the account may read what others are granted."""
    return may(session, _READABLE)


def read_grants(session: Session, database: str) -> tuple[Grant, ...]:
    """Every grant on the database or a part of it, those of accounts for one operation left out. The account
    has to be able to read them."""
    found = (
        *_database_wide(session, database),
        *_of_tables(session, database),
        *_of_routines(session, database),
    )
    return tuple(grant for grant in found if not OWN_ACCOUNT.fullmatch(grant.user))


def grant_facts(site: Site, database: str, op: Operation) -> tuple[Fact, ...]:
    """The grants as facts, read by the keeper; none when it may not read what others are granted: then they
    could not be compared either."""
    with site.as_keeper(op) as session:
        if not are_readable(session):
            return ()
        return tuple(grant.fact for grant in read_grants(session, database))


def known_accounts(session: Session) -> frozenset[str] | None:
    """Every account of the server as `account_in_sql` writes it, None when the session may not see them."""
    if not may(session, f"{_ACCOUNTS} LIMIT 1"):
        return None
    return frozenset(account_in_sql(f"{user}@{host}") for user, host in session.rows(_ACCOUNTS))


def is_lost(there: frozenset[str] | None, manifest: Manifest | None, account: str) -> bool:
    """True for an account that is not among those that are `there` and was when the backup was made. In the
    name of one that was gone already things are made as they were."""
    if there is None or account in there:
        return False
    return manifest is None or account in manifest.roles


def roles_of(site: Site, inventory: Inventory) -> tuple[str, ...]:
    """The accounts that an inventory names, those with grants and the definers, as far as they are there."""
    granted = (found[1] for name in inventory.of(FactKind.GRANT) if (found := _NAME.fullmatch(name)))
    named = {*inventory.of(FactKind.OWNER).values(), *(name.replace("'", "`") for name in granted)}
    with site.as_keeper() as session:
        there = known_accounts(session)
    return tuple(sorted(named if there is None else named & there))


def grant_of(fact: Fact) -> Grant | None:
    """What a manifest says of it; None for what no server would have written."""
    name, value = _NAME.fullmatch(fact.name), _VALUE.fullmatch(fact.value)
    who = _GRANTEE.fullmatch(name[1]) if name else None
    if not (name and value and who):
        return None
    plain = fact.value.removesuffix(_OPTION)
    return Grant(who[1], who[2], plain, (name[2] or "", name[3] or ""), plain != fact.value)


def give(session: Session, database: str, grant: Grant) -> None:
    """Give it, on the database of that name. Raises PrivilegeMissing, ServerError."""
    where, who = _where(session, database, grant), account(grant.user, grant.host)
    option = _OPTION if grant.with_option else ""
    session.rows(f"GRANT {grant.value} ON {where} TO {who}{option}")


def take_back(session: Session, database: str, grant: Grant) -> None:
    """Take it back with its option, so that nobody has a right in the next database of that name."""
    where, who = _where(session, database, grant), account(grant.user, grant.host)
    session.rows(f"REVOKE ALL PRIVILEGES ON {where} FROM {who}")
    if grant.with_option:
        session.rows(f"REVOKE GRANT OPTION ON {where} FROM {who}")


def account(user: str, host: str) -> str:
    """An account in SQL; without a host a role of MariaDB."""
    return _text(user) if not host else f"{_text(user)}@{_text(host)}"


def pattern(session: Session, database: str) -> str:
    """The database in a grant on all of it (TRUST D9)."""
    return re.sub(r"([\\_%])", r"\\\1", session.quote(database))


def _where(session: Session, database: str, grant: Grant) -> str:
    kind, name = grant.object
    if not kind:
        return f"{pattern(session, database)}.*"
    word = {"table": ""}.get(kind, f"{kind.upper()} ")
    return f"{word}{session.quote(database)}.{session.quote(name)}"


def _text(value: str) -> str:
    return "'" + value.replace("\\", "\\\\").replace("'", "''") + "'"


def _database_wide(session: Session, database: str) -> Iterator[Grant]:
    privileges: dict[tuple[str, bool], set[str]] = defaultdict(set)
    for grantee, privilege, grantable in session.rows(_DATABASE_WIDE, (database,)):
        if privilege != "USAGE":
            privileges[str(grantee), grantable == "YES"].add(str(privilege))
    for (grantee, with_option), names in sorted(privileges.items()):
        user, host = _who(grantee)
        yield Grant(user, host, ", ".join(sorted(names)), with_option=with_option)


def _of_tables(session: Session, database: str) -> Iterator[Grant]:
    whole: dict[tuple[str, str, bool], set[str]] = defaultdict(set)
    for grantee, table, privilege, grantable in session.rows(_TABLE_WIDE, (database,)):
        if privilege != "USAGE":
            whole[str(grantee), str(table), grantable == "YES"].add(str(privilege))
    parts: dict[tuple[str, str, bool], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for grantee, table, privilege, grantable, column in session.rows(_COLUMN_WIDE, (database,)):
        parts[str(grantee), str(table), grantable == "YES"][str(privilege)].add(session.quote(str(column)))
    for key in sorted({*whole, *parts}):
        grantee, table, with_option = key
        columns = [f"{name} ({', '.join(sorted(quoted))})" for name, quoted in parts[key].items()]
        value = ", ".join(sorted([*whole[key], *columns]))
        yield Grant(*_who(grantee), value, ("table", table), with_option)


def _of_routines(session: Session, database: str) -> Iterator[Grant]:
    for user, host, name, kind, privileges in sorted(session.rows(_ROUTINES, (database,))):
        given = {one.strip().upper() for one in str(privileges).split(",") if one.strip()}
        names = ", ".join(sorted(given - {"GRANT"}))
        if names:
            yield Grant(str(user), str(host), names, (str(kind).lower(), str(name)), "GRANT" in given)


def _who(grantee: str) -> tuple[str, str]:
    found = _GRANTEE.fullmatch(grantee)
    return (found[1], found[2]) if found else (grantee, "%")
