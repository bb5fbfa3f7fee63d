"""How a database itself is set up, as facts: encoding and collation, settings of its own, its extensions, and
what is told of where it was and never compared."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from database.adapters.postgresql.backup_session import Session
from database.adapters.postgresql.scope import Scope
from database.adapters.postgresql.superusers import find_left_out
from database.manifest import Fact, FactKind

ENCODING, COLLATE, CTYPE, PROVIDER = "encoding", "collate", "ctype", "locale provider"
LOCALE, RULES, LIMIT = "locale", "collation rules", "connection limit"
LOCALE_NAMES = (ENCODING, COLLATE, CTYPE, PROVIDER, LOCALE, RULES)
COMMENT = "comment"
COLLATION_VERSION = "collation version"
LEFT_OUT = "left out "  # in front of how its entry in an archive begins
_SET = re.compile(r"set (?P<name>\S+)(?: for (?P<role>.+))?", re.DOTALL)
_PROVIDERS = {"b": "builtin", "c": "libc", "d": "libc", "i": "icu"}

# Which columns there are changes from release to release: all of them by name.
_DATABASE = "SELECT to_jsonb(d) FROM pg_catalog.pg_database d WHERE datname = current_database()"
_ENCODING = """
    SELECT pg_encoding_to_char(encoding), shobj_description(oid, 'pg_database')
    FROM pg_catalog.pg_database WHERE datname = current_database()
"""
_OPTIONS = """
    SELECT coalesce(pg_get_userbyid(nullif(s.setrole, 0)), ''), option
    FROM pg_catalog.pg_db_role_setting s, unnest(s.setconfig) option
    WHERE s.setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())
"""
_EXTENSIONS = """
    SELECT e.extname, n.nspname, e.extversion
    FROM pg_catalog.pg_extension e JOIN pg_catalog.pg_namespace n ON n.oid = e.extnamespace
"""
_STORAGE = """
    SELECT format('%I.%I', n.nspname, c.relname), concat_ws(', ',
           CASE c.relpersistence WHEN 'u' THEN 'unlogged' END, array_to_string(c.reloptions, ', '),
           CASE c.relreplident WHEN 'f' THEN 'full replica identity' WHEN 'n' THEN 'no replica identity' END)
    FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = ANY ({oids})
      AND (c.relpersistence = 'u' OR c.reloptions IS NOT NULL OR c.relreplident IN ('f', 'n'))
"""
_ACTUAL_VERSION = """
    SELECT pg_database_collation_actual_version(oid) FROM pg_catalog.pg_database
    WHERE datname = current_database()
"""
_SINCE = 15  # the major version from which a database knows the version of its collation


def read_settings(session: Session, scope: Scope) -> Iterator[Fact]:
    """The facts about the database, its extensions, and the tables' own options."""
    database = session.value(_DATABASE)
    encoding, comment = session.rows(_ENCODING)[0]
    for name, value in (*locale_of(database, encoding).items(), (COMMENT, comment)):
        if value:
            yield Fact(FactKind.SETTING, name, value)
    if database["datconnlimit"] >= 0:
        yield Fact(FactKind.SETTING, LIMIT, str(database["datconnlimit"]))
    for role, option in session.rows(_OPTIONS):
        name, _, value = option.partition("=")
        yield Fact(FactKind.SETTING, f"set {name} for {role}" if role else f"set {name}", value)
    for name, value in session.rows(_STORAGE.format(oids=scope.table_oids)):
        yield Fact(FactKind.SETTING, name, value)
    for one in find_left_out(session, scope):
        yield Fact(FactKind.ORIGIN, f"{LEFT_OUT}{one.entry}", one.comment)
    for name, schema, version in session.rows(_EXTENSIONS):
        yield Fact(FactKind.EXTENSION, name, schema)
        yield Fact(FactKind.ORIGIN, f"extension {name}", version)
    if database.get("datcollversion"):
        yield Fact(FactKind.ORIGIN, COLLATION_VERSION, database["datcollversion"])


def locale_of(database: Mapping[str, Any], encoding: str) -> dict[str, str]:
    """Encoding and collation of a database, of which its catalogue says that."""
    return {
        ENCODING: encoding,
        COLLATE: database["datcollate"],
        CTYPE: database["datctype"],
        PROVIDER: _PROVIDERS[database.get("datlocprovider", "c")],
        LOCALE: database.get("datlocale") or database.get("daticulocale") or "",
        RULES: database.get("daticurules") or "",
    }


def read_locale(session: Session) -> dict[str, str]:
    """`locale_of` the database of the session."""
    return locale_of(session.value(_DATABASE), session.rows(_ENCODING)[0][0])


def actual_collation_version(session: Session) -> str:
    """The version of the collation that this machine has now; "" where it has none."""
    return (session.value(_ACTUAL_VERSION) or "") if session.major >= _SINCE else ""


def option_in(name: str) -> tuple[str, str] | None:
    """The parameter and the role, "" for all, that the name of a SETTING fact is about; None for others."""
    found = _SET.fullmatch(name)
    return (found["name"], found["role"] or "") if found else None
