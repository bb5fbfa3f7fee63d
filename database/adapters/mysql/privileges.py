"""What an account may do with a database, as the server itself tells the account: one that may not see a
trigger or a routine would leave it out of a dump without a word (TRUST B7)."""

from __future__ import annotations

import re
from contextlib import suppress

from core.errors import PrivilegeMissing, ServerError
from core.text import visible
from database.adapters.mysql.backup_session import Session
from database.adapters.mysql.code import account_in_sql
from database.adapters.mysql.grants import pattern

_GRANT = re.compile(r"GRANT (.+?) ON (?:(\*)|`((?:[^`]|``)*)`)\.\* TO ", re.DOTALL)
_NEEDED = ("SELECT", "SHOW VIEW", "TRIGGER", "EVENT")
_SHOWS_ROUTINES = ("EXECUTE", "CREATE ROUTINE", "ALTER ROUTINE", "SHOW_ROUTINE", "SHOW CREATE ROUTINE")


def privileges_on(session: Session, database: str) -> frozenset[str]:
    """The privileges of the session's account on all of that database, "" for those on the whole server;
    "ALL PRIVILEGES" is one of them."""
    found: set[str] = set()
    for (line,) in _grants(session):
        granted = _GRANT.match(str(line))
        if not granted:
            continue
        if granted[2] or database and _like(granted[3].replace("``", "`"), database):
            found.update(one.strip() for one in granted[1].split(","))
    return frozenset(found)


def check_reader(session: Session, database: str) -> None:
    """Raises PrivilegeMissing when the account would not see all that belongs to the database."""
    has = privileges_on(session, database)
    if "ALL PRIVILEGES" in has:
        return
    lacking = [name for name in _NEEDED if name not in has]
    if not has.intersection(_SHOWS_ROUTINES):
        lacking.append("EXECUTE")
    if lacking:
        names = ", ".join(lacking)
        raise PrivilegeMissing(
            f"The account {visible(session.adapter.account)} lacks {names} on the database: "
            "the backup would not be whole.",
            hint=f"As an administrator run: GRANT {names} ON {pattern(session, database)}.* "
            f"TO {account_in_sql(session.adapter.account)};",
        )


def may_set_definers(session: Session, names: tuple[str, ...]) -> bool:
    """True when the account may make views and routines in the name of others, by one of those privileges
    on the whole server."""
    has = privileges_on(session, "")
    return "ALL PRIVILEGES" in has or bool(has.intersection(names))


def _grants(session: Session) -> list[tuple[object, ...]]:
    roles = ""
    with suppress(ServerError):
        roles = str(session.value("SELECT current_role()") or "")
    # MySQL names roles ready for SQL, and tells what they give only when asked; MariaDB adds it by itself.
    if roles.startswith("`"):
        return session.rows(f"SHOW GRANTS FOR current_user() USING {roles}")
    return session.rows("SHOW GRANTS")


def _like(written: str, database: str) -> bool:
    """True when a grant on `written` is one on `database`, in which `_` and `%` may stand for others."""
    parts = re.findall(r"\\[_%\\]|.", written, re.DOTALL)
    signs = {"_": ".", "%": ".*"}
    expression = "".join(signs.get(part) or re.escape(part[-1]) for part in parts)
    return re.fullmatch(expression, database, re.DOTALL) is not None
