"""Databases made for one operation: empty, owned by an account that is made with them and owns nothing else,
and gone without a trace (TRUST D5, K4)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from core.connection import ConnectionParameters
from core.errors import AlreadyExists, BackupIncompatible, PrivilegeMissing, ServerError
from core.failpoints import failpoint
from core.progress import Operation
from database.adapters.backup import Means, Place, name_for, operation_of
from database.adapters.postgresql import inventory_settings as known
from database.adapters.postgresql.backup_session import Session, maintenance_session, session_of

if TYPE_CHECKING:
    from psycopg2.extensions import connection

_LIFE = "2 days"  # after which an account that was left behind lets nobody in
_PROVIDERS_SINCE = 15  # the major version with a choice of who collates
_SPARE = 4  # sessions besides those that build indexes
# An operation can be begun again: what is lost when the server goes down now is made anew. How much memory an
# index may be built with is the server's to say: four times the usual 64 MB made a restore of 5 million
# rows a seventh slower.
_QUICK = {"synchronous_commit": "off"}
_WORDS = {known.ENCODING: "ENCODING", known.COLLATE: "LC_COLLATE", known.CTYPE: "LC_CTYPE"}
_MAY = """
    SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_catalog.pg_roles WHERE rolname = current_user
"""
_OWNER = """
    SELECT pg_get_userbyid(datdba) FROM pg_catalog.pg_database WHERE datname = {name}
"""
_OWNED = """
    SELECT d.datname FROM pg_catalog.pg_database d JOIN pg_catalog.pg_roles r ON r.oid = d.datdba
    WHERE r.rolname = {name}
"""
_IS_DATABASE = "SELECT EXISTS (SELECT FROM pg_catalog.pg_database WHERE datname = {name})"
_ROLES = "SELECT rolname FROM pg_catalog.pg_roles"
_LEFT = """
    SELECT datname FROM pg_catalog.pg_database UNION SELECT rolname FROM pg_catalog.pg_roles ORDER BY 1
"""


def powers(session: Session) -> tuple[bool, bool, bool]:
    """Whether the account of the session is a superuser, may make databases, and may make roles."""
    is_superuser, databases, roles = session.rows(_MAY)[0]
    return is_superuser, is_superuser or databases, is_superuser or roles


def create_place(op: Operation, keeper: ConnectionParameters, means: Means, name: str) -> Place:
    """As BackupAdapter.create_place."""
    with maintenance_session(keeper, means, op, name) as session:
        session.adapter.check_new_name(name)
        if session.value(_IS_DATABASE.format(name=session.literal(name))):
            raise AlreadyExists(f'The database "{name}" is there already.')
        _, may_make_databases, may_make_roles = powers(session)
        if not may_make_databases:
            raise PrivilegeMissing(
                f'The account "{keeper.user}" may not make databases.',
                hint=f"As an administrator run: ALTER ROLE {session.quote(keeper.user)} CREATEDB CREATEROLE;",
            )
        place = Place(name, replace(keeper, database=name))
        if may_make_roles:
            place = _with_account(session, op, means, place)
            failpoint("restore.account_made")
        make_database(session, place, {})
        failpoint("restore.place_made")
        return place


def make_database(session: Session, place: Place, locale: Mapping[str, str]) -> None:
    """The empty database of a place, closed to everybody but its owner; `locale` as a manifest says it, the
    server's own and UTF-8 by default. Raises BackupIncompatible for one that this server does not have."""
    name, owner = session.quote(place.name), session.quote(place.account or place.parameters.user)
    options = " ".join(_options(session, locale)) if locale else "ENCODING 'UTF8'"
    try:
        session.run(f"CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 {options}")
    except ServerError as error:
        if type(error) is ServerError and locale:
            raise BackupIncompatible(
                f"This server has no place for a database like that one: {error.message}",
                hint="Install the locale on the server's machine, or restore on a server that has it.",
            ) from error
        raise
    session.run(f"REVOKE ALL ON DATABASE {name} FROM PUBLIC")


def fit_place(
    op: Operation, keeper: ConnectionParameters, means: Means, place: Place, wanted: Mapping[str, str]
) -> None:
    """Make the empty database of the place anew when its encoding or collation is not the wanted one. Raises
    as `make_database`."""
    with session_of(keeper, means, op, place.name) as session:
        found = {name: value for name, value in known.read_locale(session).items() if value}
    if found == dict(wanted):
        return
    with maintenance_session(keeper, means, op, place.name) as session:
        session.run(f"DROP DATABASE {session.quote(place.name)} WITH (FORCE)")
        make_database(session, place, wanted)


def drop_place(op: Operation, keeper: ConnectionParameters, means: Means, name: str) -> None:
    """As BackupAdapter.drop; of an account's name also the databases that it owns."""
    with maintenance_session(keeper, means, op, name) as session:
        literal = session.literal(name)
        owned = session.rows(_OWNED.format(name=literal)) if operation_of(name) else []
        owners = session.rows(_OWNER.format(name=literal))
        for database in {name, *(one for (one,) in owned)}:
            session.run(f"DROP DATABASE IF EXISTS {session.quote(database)} WITH (FORCE)")
        failpoint("restore.place_dropped")
        there = {role for (role,) in session.rows(_ROLES)}  # who may drop none may not ask for one either
        for account in {name, *(owner for (owner,) in owners)} & there:
            if operation_of(account):
                session.run(f"DROP ROLE IF EXISTS {session.quote(account)}")


def leftovers(keeper: ConnectionParameters, means: Means) -> tuple[str, ...]:
    """As BackupAdapter.leftovers; accounts that are left alone are among them."""
    with maintenance_session(keeper, means) as session:
        return tuple(name for (name,) in session.rows(_LEFT) if operation_of(name))


def _with_account(session: Session, op: Operation, means: Means, place: Place) -> Place:
    """The same place, owned by an account that is made now."""
    from psycopg2.extensions import encrypt_password

    account = place.name if operation_of(place.name) else name_for("new", op)
    password = secrets.token_urlsafe(32)
    # What the server is told, and may write into its log, is no password (TRUST K4).
    scope = cast("connection", session.connection)
    verifier = encrypt_password(password, account, scope, "scram-sha-256")
    quoted = session.quote(account)
    session.run(f"DROP ROLE IF EXISTS {quoted}")  # of an attempt that was cut off
    until = session.value(f"SELECT (now() + interval '{_LIFE}')::text")
    session.run(
        f"CREATE ROLE {quoted} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE INHERIT "
        f"CONNECTION LIMIT {means.jobs + _SPARE:d} PASSWORD {session.literal(verifier)} "
        f"VALID UNTIL {session.literal(until)}"
    )
    for setting, value in _QUICK.items():
        session.run(f"ALTER ROLE {quoted} SET {setting} TO {session.literal(value)}")
    is_superuser, *_ = powers(session)
    if not is_superuser:  # only a member may make it the owner, and give away what it owns
        session.run(f"GRANT {quoted} TO CURRENT_USER")
    return Place(place.name, replace(place.parameters, user=account, password=password), account)


def _options(session: Session, locale: Mapping[str, str]) -> Iterator[str]:
    for name, word in _WORDS.items():
        yield f"{word} {session.literal(locale[name])}"
    provider = locale.get(known.PROVIDER, "libc")
    if session.major < _PROVIDERS_SINCE:
        if provider != "libc":
            raise BackupIncompatible(
                f"PostgreSQL {session.major} has no collations of {provider} for a whole database.",
                hint="Restore on a server of the version that the backup was made on, or later.",
            )
        return
    yield f"LOCALE_PROVIDER {provider}"
    if locale.get(known.LOCALE):
        word = "BUILTIN_LOCALE" if provider == "builtin" else "ICU_LOCALE"
        yield f"{word} {session.literal(locale[known.LOCALE])}"
    if locale.get(known.RULES):
        yield f"ICU_RULES {session.literal(locale[known.RULES])}"
