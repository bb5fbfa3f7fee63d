"""Databases made for one operation, each with an account that may do all in it and nothing elsewhere (TRUST
D5), and how they are dropped with all that was made for them."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from core.errors import NotFound, PrivilegeMissing, ServerError, ServerTimeout
from core.failpoints import failpoint
from core.progress import Operation
from core.text import visible
from database.adapters.backup import PREFIX, PURPOSES, Place, operation_of
from database.adapters.mysql.backup_session import Session, database_exists, may
from database.adapters.mysql.grants import (
    OWN_ACCOUNT,
    PLAIN_NAME,
    account,
    are_readable,
    pattern,
    read_grants,
    take_back,
)
from database.adapters.mysql.site import Site

_DROPS = 10  # tries; MariaDB drops a database table by table and may stop on the way (TRUST note g)
_OWN_ACCOUNTS = r"SELECT user FROM mysql.user WHERE user LIKE 'bk\_%%' AND host = %s"


def make_place(op: Operation, site: Site, name: str) -> Place:
    """A new empty database and its account; where the keeper may make no account, the keeper's own. Raises
    AlreadyExists, PrivilegeMissing."""
    with site.as_keeper(op) as session:
        session.adapter.create_database(session.connection, name)
        failpoint("place.database")
        user = _account_for(name, op)
        try:
            password = _make_account(site, session, user, name)
        except PrivilegeMissing as error:
            op.note(f"No account could be made for this alone, so {site.keeper.user} does it. {error.hint}")
            return Place(name, replace(site.keeper, database=name))
        except ServerError:
            session.adapter.drop_database(session.connection, name)
            raise
        failpoint("place.account")
    return Place(name, replace(site.keeper, user=user, password=password, database=name), user)


def drop_place(op: Operation, site: Site, name: str) -> None:
    """Drop the database of that name, and whoever was made or given rights for it."""
    with site.as_keeper(op) as session:
        users = {_account_for(name, op)}
        if are_readable(session):
            users |= _accounts_in(session, name)
        for user in sorted(users):
            drop_account(session, user)
        _drop_database(session, name)
        failpoint("place.dropped")
        if are_readable(session):
            for grant in read_grants(session, name):
                with suppress(ServerError):  # an account that was dropped meanwhile
                    take_back(session, name, grant)


def drop_account(session: Session, user: str) -> None:
    """Drop an account of ours and end its sessions; nothing when it is gone, or the session may not."""
    with suppress(PrivilegeMissing):
        session.rows(f"DROP USER IF EXISTS {account(user, '%')}")
    for one in session.adapter.sessions(session.connection):
        if one.user == user:
            with suppress(NotFound, PrivilegeMissing):
                session.adapter.terminate(session.connection, one.id)


def leftovers_on(site: Site) -> tuple[str, ...]:
    """The databases made for one operation, and those names whose account alone is there."""
    with site.as_keeper() as session:
        databases = {
            name for name in session.adapter.list_databases(session.connection) if operation_of(name)
        }
        if may(session, "SELECT user FROM mysql.user LIMIT 1"):
            users = [str(user) for (user,) in session.rows(_OWN_ACCOUNTS, ("%",))]
            databases |= {_name_of(user) for user in users if OWN_ACCOUNT.fullmatch(user)}
    return tuple(sorted(name for name in databases if name))


def _account_for(name: str, op: Operation) -> str:
    """MySQL takes 32 characters: "bk_s_01j..." for bk_scratch_01j..."""
    id = operation_of(name)
    letter = name.removeprefix(PREFIX)[0] if id else "n"
    return f"{PREFIX}{letter}_{id or op.id}"


def _name_of(user: str) -> str:
    letter, _, id = user.removeprefix(PREFIX).partition("_")
    return next((f"{PREFIX}{purpose}_{id}" for purpose in PURPOSES if purpose[0] == letter), "")


def _make_account(site: Site, session: Session, user: str, name: str) -> str:
    """Make it and give it the one database. Raises PrivilegeMissing, then nothing is left of it."""
    who = account(user, "%")
    session.rows(f"DROP USER IF EXISTS {who}")  # of an attempt that was cut off
    password = site.flavour.create_account(session, who)
    try:
        session.rows(f"GRANT ALL PRIVILEGES ON {pattern(session, name)}.* TO {who}")
    except ServerError:
        session.rows(f"DROP USER IF EXISTS {who}")
        raise
    return password


def _accounts_in(session: Session, name: str) -> set[str]:
    sql = f"SELECT DISTINCT user FROM mysql.db WHERE host = '%%' AND {PLAIN_NAME.format('db')} = %s"
    return {str(user) for (user,) in session.rows(sql, (name,)) if OWN_ACCOUNT.fullmatch(str(user))}


def _drop_database(session: Session, name: str) -> None:
    for _ in range(_DROPS):
        if not database_exists(session, name):
            return
        with suppress(NotFound):
            session.adapter.drop_database(session.connection, name)
    raise ServerTimeout(f"The database {visible(name)} is still there after {_DROPS} drops.")
