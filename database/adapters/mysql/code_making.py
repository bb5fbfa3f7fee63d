"""Views, routines, triggers and events made again in the connected database, as the server showed them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from core.errors import PrivilegeMissing, ServerError
from database.adapters.mysql.backup_session import PASSING, Session
from database.adapters.mysql.code import Code, with_status
from database.adapters.mysql.facts import defaults_of
from database.adapters.mysql.grants import PLAIN_NAME, pattern

ASLEEP = "DISABLE ON SLAVE"  # both servers take the old word, and show that it is not people's own DISABLE
_ROUTINES_FIRST = ("package", "function", "procedure", "package body", "view", "trigger", "event")
_AFTER_VIEWS = ("trigger", "event")
_AFTER_ROUTINES = ("view", *_AFTER_VIEWS)
_MAY_EXECUTE = f"""
    SELECT 1 FROM information_schema.schema_privileges
    WHERE grantee = %s AND {PLAIN_NAME.format("table_schema")} = %s AND privilege_type = 'EXECUTE'
"""
_HEAD = re.compile(r"CREATE (ALGORITHM=\w+ )?")

Failure = tuple[Code, ServerError]


def make_all(code: Iterable[Code], make_one: Callable[[Code], None]) -> list[Failure]:
    """Have all of it made by `make_one`, routines first, views as soon as what they show is there; gives what
    cannot be made, each with its error. Raises ConnectionFailed, ServerTimeout."""
    ordered = sorted(code, key=lambda one: _ROUTINES_FIRST.index(one.kind))
    return [
        *_failing([one for one in ordered if one.kind not in _AFTER_ROUTINES], make_one),
        *_failing_views([one for one in ordered if one.kind == "view"], make_one),
        *_failing([one for one in ordered if one.kind in _AFTER_VIEWS], make_one),
    ]


def make(session: Session, code: Code, definer: str, *, awake: bool) -> None:
    """Make one in the name of `definer`, "" for the session's own account, with the settings that it was once
    made with; an event runs when `awake` and else waits. Raises PrivilegeMissing, ServerError."""
    text = code.text
    if code.kind == "event":
        on = "ENABLE" if awake else ASLEEP
        text = with_status(text, on if code.is_on else "DISABLE")
    if definer:
        text = _HEAD.sub(lambda found: f"{found[0]}DEFINER={definer} ", text, count=1)
    with _settings(session, code):
        try:
            session.run_in(code.charset, text)
        except PrivilegeMissing:
            if code.kind != "view" or not definer:
                raise
            with _lent(session, definer):
                session.run_in(code.charset, text)


def make_leniently(session: Session, code: Code, definer: str, *, awake: bool) -> str:
    """The same, in the session's own name where the account may use no other; gives "", or a sentence that
    says so."""
    try:
        make(session, code, definer, awake=awake)
    except PrivilegeMissing as error:
        make(session, code, "", awake=awake)
        return f"The {code.label} belongs to {session.adapter.account}, not to {definer}: {error.message}"
    return ""


def drop(session: Session, code: Code) -> None:
    """Drop what has its kind and name, if it is there."""
    session.rows(f"DROP {code.kind.upper()} IF EXISTS {session.quote(code.name)}")


def collate(session: Session, collation: str) -> None:
    """Give the connected database that collation, and the character set that goes with it."""
    database = session.quote(str(session.value("SELECT database()")))
    session.rows(f"ALTER DATABASE {database} COLLATE {_word(collation)}")


def _failing(code: Iterable[Code], make_one: Callable[[Code], None]) -> list[Failure]:
    failed: list[Failure] = []
    for one in code:
        try:
            make_one(one)
        except PASSING:
            raise
        except ServerError as error:
            failed.append((one, error))
    return failed


def _failing_views(views: list[Code], make_one: Callable[[Code], None]) -> list[Failure]:
    """A view on a view cannot come before it, and their names do not tell: the rest is tried again as long as
    one of them could be made."""
    failed = _failing(views, make_one)
    if not failed or len(failed) == len(views):
        return failed
    return _failing_views([view for view, _ in failed], make_one)


@contextmanager
def _lent(session: Session, definer: str) -> Iterator[None]:
    """Whoever defines a view has to be let run its functions when it is made, in a database that is not yet,
    or no more, given to him."""
    database = str(session.value("SELECT database()"))
    has = session.rows(_MAY_EXECUTE, (definer.replace("`", "'"), database))
    where = f"{pattern(session, database)}.*"
    if not has:
        session.rows(f"GRANT EXECUTE ON {where} TO {definer}")
    try:
        yield
    finally:
        if not has:
            session.rows(f"REVOKE EXECUTE ON {where} FROM {definer}")


@contextmanager
def _settings(session: Session, code: Code) -> Iterator[None]:
    """The session, and the database, as they were when it was made."""
    _, collation = defaults_of(session)
    sql_mode = session.value("SELECT @@sql_mode")
    other = code.database_collation not in ("", collation)
    if other:
        collate(session, code.database_collation)
    try:
        session.rows("SET SESSION sql_mode = %s", (code.sql_mode,))
        if code.time_zone:
            session.rows("SET SESSION time_zone = %s", (code.time_zone,))
        names = f"SET NAMES {_word(code.charset)}"
        session.rows(f"{names} COLLATE {_word(code.collation)}" if code.collation else names)
        yield
    finally:
        session.rows("SET NAMES utf8mb4")
        session.rows("SET SESSION sql_mode = %s, time_zone = '+00:00'", (sql_mode,))
        if other:
            collate(session, collation)


def _word(name: str) -> str:
    """The name of a character set or a collation."""
    if not re.fullmatch(r"\w+", name, re.ASCII):
        raise ServerError(f'"{name[:40]}" is the name of no collation.')
    return name
