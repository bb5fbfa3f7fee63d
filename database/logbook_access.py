"""Who may come in once a restored copy of the console's own database is the live one: nobody by what has
ended since the backup. Browsers, links and tokens are those of now, for the users that the copy has too."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Table, delete, insert, select

from core.connection import ConnectionParameters
from core.text import plural
from database.logbook import opened, replace_rows, table_of, without_id
from models import ApiToken, LoginSession, OnlineUser, SignInFailure, SignInLink, User

_USERS, _ONLINE, _SESSIONS = table_of(User), table_of(OnlineUser), table_of(LoginSession)
_LINKS, _TOKENS, _FAILURES = table_of(SignInLink), table_of(ApiToken), table_of(SignInFailure)
ACCESS_TABLES = frozenset(table.name for table in (_ONLINE, _SESSIONS, _LINKS, _TOKENS, _FAILURES))
_NAMED = 5


def carry_access(live: ConnectionParameters, copy: ConnectionParameters) -> tuple[str, ...]:
    """Bring what lets people and programs in from `live` to `copy`, both at the newest revision; gives what
    whoever restores should know, a sentence each. May be done again. Raises ServerError."""
    with opened(live) as source, opened(copy) as target:
        same = _active_in_both(source, target)
        for table in (_SESSIONS, _ONLINE, _LINKS, _TOKENS):
            target.execute(delete(table))
        _carry_sessions(source, target, same)
        for table in (_LINKS, _TOKENS):
            _insert(target, table, [row for row in _rows(source, table) if row["user_id"] in {None, *same}])
        replace_rows(source, target, _FAILURES)
        return _warnings(source, target)


def _active_in_both(source: Connection, target: Connection) -> set[int]:
    active = select(_USERS.c.id, _USERS.c.username).where(_USERS.c.is_active)
    there = {tuple(row) for row in target.execute(active)}
    return {row.id for row in source.execute(active) if tuple(row) in there}


def _carry_sessions(source: Connection, target: Connection, users: set[int]) -> None:
    numbers: dict[int, int] = {}
    for found in source.execute(select(_ONLINE)).mappings():
        if found["user_id"] in users:
            values = {name: value for name, value in found.items() if name != "id"}
            key = target.execute(insert(_ONLINE).values(values)).inserted_primary_key
            numbers[found["id"]] = key[0] if key else 0
    kept = [row for row in _rows(source, _SESSIONS) if row["user_id"] in users]
    for row in kept:
        row["online_user_id"] = numbers.get(row["online_user_id"])
    _insert(target, _SESSIONS, kept)


def _rows(connection: Connection, table: Table) -> list[dict[str, Any]]:
    found = connection.execute(select(*without_id(table)).order_by(*table.primary_key))
    return [dict(row) for row in found.mappings()]


def _insert(target: Connection, table: Table, rows: list[dict[str, Any]]) -> None:
    if rows:
        target.execute(insert(table), rows)


def _warnings(source: Connection, target: Connection) -> tuple[str, ...]:
    shut_out = {
        tuple(row)
        for row in source.execute(select(_USERS.c.id, _USERS.c.username).where(~_USERS.c.is_active))
    }
    active = select(_USERS.c.id, _USERS.c.username).where(_USERS.c.is_active).order_by(_USERS.c.id)
    again = [row.username for row in target.execute(active) if tuple(row) in shut_out]
    if not again:
        return ()
    names = ", ".join(again[:_NAMED]) + (" and more" if len(again) > _NAMED else "")
    return (f"{plural(len(again), 'user')} made inactive since the backup may sign in again: {names}.",)
