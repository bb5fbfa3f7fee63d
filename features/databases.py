"""Registered databases: the console's own beside them, found by name, added, changed and removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import select

from core.clock import utc_now
from core.connection import ConnectionParameters
from core.database_fields import DatabaseFields, check_fields, completed, parameters_of
from core.errors import AlreadyExists, Conflict, InvalidInput
from core.naming import fold, new_id
from core.progress import Operation, operation
from core.settings import Settings
from database.context import current_settings
from database.transactions import transaction
from features.credentials import Keyring
from features.database_probe import Answer, Outcome, ask_database
from features.database_rows import (
    DatabaseFacts,
    connection_of,
    facts_of,
    fields_of,
    find_row,
    password_of,
    place_of,
    write_fields,
)
from features.database_tries import NotReachable, count_try, keep_answer, note_answer
from features.seed_runs import forget_runs
from models import RegisteredDatabase

_WHERE_IT_GOES = ("dialect", "host", "port", "tls_mode", "tls_root_certificate")


def list_databases() -> tuple[DatabaseFacts, ...]:
    """The registered databases by name, as they were last seen. Needs an application context."""
    with transaction() as session:
        rows = session.scalars(select(RegisteredDatabase).order_by(RegisteredDatabase.name))
        return tuple(facts_of(row) for row in rows)


def read_database(name: str) -> DatabaseFacts:
    """The registered database of that name. Raises NotFound."""
    with transaction() as session:
        return facts_of(find_row(session, name))


def own_database() -> DatabaseFacts:
    """The console's own database, looked at now."""
    settings = current_settings()
    own, answer = settings.database, ask_database(settings.database)
    fields = DatabaseFields(
        own.name, settings.flask_env, own.dialect, own.database, own.host, own.port, own.user, own.tls_mode
    )
    return DatabaseFacts(
        fields,
        bool(own.password),
        answer.outcome,
        utc_now(),
        answer.version,
        answer.size,
        answer.message,
        is_own=True,
    )


def find_database(name: str) -> ConnectionParameters:
    """How to connect to the database people call `name`: the console's own, or a registered one, which is
    then dialled only where the settings allow it. Needs an application context. Raises NotFound,
    CredentialsUnreadable."""
    settings = current_settings()
    if fold(name) == fold(settings.database.name):
        return settings.database
    with transaction() as session:
        return connection_of(find_row(session, name), settings)


def check_new_database(fields: DatabaseFields, password: str) -> None:
    """What can be refused before anything is done or recorded. Needs an application context. Raises
    InvalidInput, AlreadyExists, CredentialsKeyMissing."""
    settings, fields = current_settings(), completed(fields)
    check_fields(fields, settings)
    with transaction() as session:
        if session.scalar(select(RegisteredDatabase.id).where(RegisteredDatabase.name == fields.name)):
            raise _taken()
    if password and not fields.is_file:
        Keyring(settings).check()


def check_database_change(fields: DatabaseFields, password: str) -> None:
    """The same for a change. Raises what `check_new_database` raises, and NotFound."""
    settings, fields = current_settings(), completed(fields)
    check_fields(fields, settings)
    keyring = Keyring(settings)
    with transaction() as session:
        row = find_row(session, fields.name)
        if fields.is_file:
            return
        if not password and row.password:
            _check_goes_to_the_same(fields_of(row), fields)
        if password or row.password:
            keyring.check()


@operation("database.add", title="Register {fields.name}", target="{fields.name}")
def add_database(
    op: Operation,
    fields: DatabaseFields,
    password: str = "",
    *,
    created_by: str,
    even_unreachable: bool = False,
) -> DatabaseFacts:
    """Try the connection, then keep it. Raises InvalidInput, AlreadyExists, CredentialsKeyMissing,
    AddressNotAllowed, and NotReachable unless it may be kept `even_unreachable`."""
    check_new_database(fields, password)
    settings, fields = current_settings(), completed(fields)
    row = RegisteredDatabase(id=new_id(), created_by=created_by)
    password = "" if fields.is_file else password
    row.password = Keyring(settings).encrypt(password, place_of(row.id))
    answer = _try(op, fields, password, settings, created_by, even_unreachable)
    write_fields(row, fields)
    keep_answer(row, answer)
    with _taken_names(), transaction() as session:
        session.add(row)
        session.flush()
        return facts_of(row)


@operation("database.change", title="Change the registration of {fields.name}", target="{fields.name}")
def change_database(
    op: Operation,
    fields: DatabaseFields,
    password: str = "",
    *,
    changed_by: str,
    even_unreachable: bool = False,
) -> DatabaseFacts:
    """Try the connection, then keep what changed of the database of that name; the password stays where
    none is given. Raises what `add_database` raises, and NotFound."""
    check_database_change(fields, password)
    settings, fields = current_settings(), completed(fields)
    keyring = Keyring(settings)
    with transaction() as session:
        row = find_row(session, fields.name)
        name, before = row.name, fields_of(row)
        used = "" if fields.is_file else password or password_of(row, keyring)
    answer = _try(op, fields, used, settings, changed_by, even_unreachable)
    if (before.dialect, before.place) != (fields.dialect, fields.place):
        _forget_seedings(op, name)
    with transaction() as session:
        row = find_row(session, fields.name)
        write_fields(row, fields)
        row.password = keyring.encrypt(used, place_of(row.id))
        keep_answer(row, answer)
        return facts_of(row)


@operation("database.remove", title="Remove the registration of {name}", target="{name}")
def remove_database(op: Operation, name: str) -> None:
    """Forget the registered database of that name with its password and its sizes; the database itself is
    not touched. Raises NotFound."""
    with transaction() as session:
        registered = find_row(session, name).name
    _forget_seedings(op, registered)
    with transaction() as session:
        session.delete(find_row(session, name))
    op.note("The database itself was not touched.")


@operation("database.rekey", title="Encrypt the stored passwords anew", target="stored passwords")
def rekey_databases(op: Operation) -> int:
    """Encrypt every stored password with the present key, all or none; gives how many. Raises
    CredentialsKeyMissing, CredentialsUnreadable."""
    keyring = Keyring(current_settings())
    keyring.check()
    with transaction() as session:
        rows = session.scalars(select(RegisteredDatabase).where(RegisteredDatabase.password != "")).all()
        op.phase("Encrypt", len(rows), "password")
        for row in rows:
            row.password = keyring.encrypt(password_of(row, keyring), place_of(row.id))
            op.advance()
    return len(rows)


def _forget_seedings(op: Operation, name: str) -> None:
    """Before the name means another database: cut off in between, nothing of that is taken for seeded."""
    for statement in forget_runs(name):
        op.note(f"A seeding that was cut off left this to be made again: {statement}")


def _try(
    op: Operation, fields: DatabaseFields, password: str, settings: Settings, by: str, even_unreachable: bool
) -> Answer:
    if fields.exposure:
        op.note(f"Exception: TLS mode {fields.tls_mode}. {fields.exposure}")
    count_try(by)
    op.phase("Try the connection")
    parameters = parameters_of(fields, password, settings)
    if fields.is_file:
        with suppress(OSError):  # then there is no such file, which the answer says
            settings.database_folder.mkdir(parents=True, exist_ok=True)
    answer = ask_database(parameters, ending=op.ending)
    if answer.outcome is not Outcome.REACHABLE and not even_unreachable:
        raise NotReachable(answer, parameters.database if fields.is_file else "", hint="Nothing was kept.")
    note_answer(op, fields.name, answer)
    return answer


def _check_goes_to_the_same(before: DatabaseFields, after: DatabaseFields) -> None:
    """A stored password, which nobody may read, is not sent where it was not sent before."""
    if any(getattr(before, field) != getattr(after, field) for field in _WHERE_IT_GOES):
        raise InvalidInput(
            "The stored password would go to another server, or over another connection.",
            hint="Type the password again.",
        )


@contextmanager
def _taken_names() -> Iterator[None]:
    try:
        yield
    except Conflict as error:
        raise _taken() from error


def _taken() -> AlreadyExists:
    return AlreadyExists("A database of this name is registered already.", hint="Choose another name.")
