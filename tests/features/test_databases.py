"""Registered databases: added, tried, changed, found and removed, on every kind of server."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from core.clock import utc_now
from core.database_fields import DatabaseFields
from core.errors import AddressNotAllowed, AlreadyExists, InvalidInput, NotFound
from core.naming import new_id
from core.settings import Environment, Settings
from database.adapters import closing_connection
from database.adapters.base import Capability
from database.context import application_context
from features.console_checks import check_console
from features.credentials import CredentialsKeyMissing, CredentialsUnreadable
from features.database_checks import check_databases
from features.database_tries import NotReachable, TooManyTests, try_connection
from features.databases import (
    add_database,
    change_database,
    find_database,
    list_databases,
    own_database,
    read_database,
    rekey_databases,
    remove_database,
)
from models import AuditEvent, OperationLine, OperationRecord, RegisteredDatabase, db
from tests.features.conftest import Configure
from tests.features.registering import KEY, described, runner, with_places

Typed = tuple[DatabaseFields, str]

THIS_MACHINE = ("127.0.0.1", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "::1", "0.0.0.0")


@pytest.fixture
def console(configure: Configure, sqlite_schema_url: str) -> Settings:
    """Settings that may register nothing yet."""
    return configure(sqlite_schema_url)


@pytest.fixture
def settings(console: Settings, database_url: str) -> Iterator[Settings]:
    settings = with_places(console, database_url)
    with application_context(settings):
        yield settings


@pytest.fixture
def typed(database_url: str) -> Typed:
    return described(database_url)


@pytest.fixture
def nobody_there() -> Typed:
    """A port of this machine where nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    return DatabaseFields("gone", "testing", "postgresql", "d", "127.0.0.1", port, "u"), "a canary's password"


def add(settings: Settings, typed: Typed, *, even_unreachable: bool = False) -> None:
    runner(settings).run(add_database, *typed, created_by="mvogt", even_unreachable=even_unreachable)


def stored(name: str) -> RegisteredDatabase:
    return db.session.scalars(select(RegisteredDatabase).where(RegisteredDatabase.name == name)).one()


def test_a_database_is_tried_kept_found_and_removed(settings: Settings, typed: Typed) -> None:
    fields, password = typed
    add(settings, (replace(fields, name="Shop"), password))
    facts = read_database("SHOP")
    assert (facts.name, facts.state, facts.created_by) == ("shop", "reachable", "mvogt")
    assert facts.version and facts.checked_at and facts.size is not None
    assert facts.has_password == bool(password)
    assert list_databases() == (facts,)
    with closing_connection(find_database("shop"), 5) as (adapter, connection):
        adapter.ping(connection)
    with pytest.raises(AlreadyExists):
        add(settings, typed)
    runner(settings).run(remove_database, "shop")
    assert list_databases() == ()
    for gone in (lambda: find_database("shop"), lambda: runner(settings).run(remove_database, "shop")):
        with pytest.raises(NotFound):
            gone()


def test_the_consoles_own_database_is_found_by_its_name(settings: Settings) -> None:
    assert find_database(settings.database.name.upper()) == settings.database
    assert (own_database().is_own, own_database().state) == (True, "reachable")
    own = replace(described("sqlite:///x.db")[0], name=settings.database.name)
    with pytest.raises(InvalidInput, match="own database"):
        add(settings, (own, ""))


@pytest.mark.requires(Capability.ACCOUNTS)
def test_the_password_is_nowhere_to_be_read(
    settings: Settings, typed: Typed, capfd: pytest.CaptureFixture[str]
) -> None:
    """TRUST K3, Z5: not in the row, the record, the log of the operation, the audit or any fact."""
    password = typed[1]
    add(settings, typed)
    with pytest.raises(NotReachable):
        add(settings, (replace(typed[0], name="other", port=1), password))
    kept = [repr(vars(row)) for model in (RegisteredDatabase, OperationRecord, OperationLine, AuditEvent)
            for row in db.session.scalars(select(model))]  # fmt: skip
    assert len(kept) > 4 and not [text for text in kept if password in text]
    assert password not in repr(list_databases()) + "".join(capfd.readouterr())


@pytest.mark.requires(Capability.ACCOUNTS)
def test_passwords_swapped_between_two_rows_do_not_decrypt(settings: Settings, typed: Typed) -> None:
    """TRUST K3."""
    add(settings, typed)
    add(settings, (replace(typed[0], name="blog"), typed[1]))
    shop, blog = stored("shop"), stored("blog")
    shop.password, blog.password = blog.password, shop.password
    db.session.commit()
    for name in ("shop", "blog"):
        with pytest.raises(CredentialsUnreadable):
            find_database(name)
    db.session.execute(update(RegisteredDatabase).values(checked_at=None))
    db.session.commit()
    assert check_databases(settings) == 0
    shown = read_database("shop")
    assert (shown.state, shown.message[:17]) == ("unknown", "A stored password")


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_new_key_takes_over_all_passwords_or_none(settings: Settings, typed: Typed) -> None:
    add(settings, typed)
    add(settings, (replace(typed[0], name="blog"), typed[1]))
    rotated = replace(settings, credentials_key=f"the key after {KEY}", credentials_key_old=KEY)
    before = stored("blog").password
    stored("shop").password = "v1:damaged"
    db.session.commit()
    with application_context(rotated):
        with pytest.raises(CredentialsUnreadable):
            runner(rotated).run(rekey_databases)
        assert stored("blog").password == before
        runner(rotated).run(change_database, *typed, changed_by="mvogt")
        assert runner(rotated).run(rekey_databases) == 2
    with application_context(replace(rotated, credentials_key_old="")):
        assert find_database("blog").password == find_database("shop").password == typed[1]


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_stored_password_goes_nowhere_else(settings: Settings, typed: Typed, nobody_there: Typed) -> None:
    """Whoever may change the host must not thereby read the password."""
    fields, password = typed
    add(settings, typed)
    for change in ({"port": nobody_there[0].port}, {"host": "localhost"}, {"tls_mode": "disable"}):
        with pytest.raises(InvalidInput, match="Type the password again"):
            runner(settings).run(change_database, replace(fields, **change), changed_by="mvogt")
    changed = replace(fields, environment="production")
    assert (
        runner(settings).run(change_database, changed, changed_by="mvogt").fields.environment == "production"
    )
    assert find_database("shop").password == password


@pytest.mark.requires(Capability.ACCOUNTS)
def test_each_failure_has_one_of_six_names_and_words_of_ours(settings: Settings, typed: Typed) -> None:
    """TRUST C4, C6."""
    fields, password = typed
    wrong = {
        "sign_in_refused": (fields, "wrong"),
        "database_missing": (replace(fields, database_name="nowhere_at_all"), password),
        "tls_failed": (replace(fields, tls_mode="verify-full"), password),
        "unreachable": (replace(fields, port=1), password),
    }
    for outcome, given in wrong.items():
        with pytest.raises(NotReachable) as refused:
            add(settings, given)
        assert refused.value.answer.outcome == outcome
        assert "127.0.0.1" not in str(refused.value) and fields.account not in str(refused.value)
    assert list_databases() == ()


def test_what_cannot_be_reached_may_be_kept_all_the_same(settings: Settings, nobody_there: Typed) -> None:
    add(settings, nobody_there, even_unreachable=True)
    assert (read_database("gone").state, read_database("gone").version) == ("unreachable", "")


@pytest.mark.requires(Capability.ACCOUNTS)
def test_without_a_key_a_password_is_refused(settings: Settings, typed: Typed) -> None:
    keyless = replace(settings, credentials_key="", flask_env=Environment.STAGING)
    with application_context(keyless), pytest.raises(CredentialsKeyMissing):
        add(keyless, (replace(typed[0], port=1), typed[1]))  # before anything is dialled


@pytest.mark.requires(Capability.ACCOUNTS)
def test_this_machine_is_refused_in_every_spelling_unless_listed(settings: Settings, typed: Typed) -> None:
    """TRUST C3: even when it may be kept unreachable."""
    closed = replace(settings, database_networks=())
    with application_context(closed):
        for host in THIS_MACHINE:
            with pytest.raises(AddressNotAllowed, match="DATABASE_NETWORKS"):
                add(closed, (replace(typed[0], host=host), typed[1]), even_unreachable=True)


def test_a_test_that_finds_nobody_has_failed_and_what_it_saw_is_kept(settings: Settings) -> None:
    missing = DatabaseFields("gone", "testing", "sqlite", "gone.db")
    add(settings, (missing, ""), even_unreachable=True)
    with pytest.raises(NotReachable) as refused:
        runner(settings).run(try_connection, "gone", tried_by="mvogt")
    assert str(refused.value) == "There is no such file. Correct its path, or put it there."
    tried = db.session.scalars(select(OperationRecord).where(OperationRecord.kind == "database.test")).one()
    assert (tried.state, tried.error_message) == ("failed", str(refused.value))
    said = db.session.scalars(select(OperationLine.message).where(OperationLine.operation_id == tried.id))
    assert said.all() == ["gone is not reachable: database missing."]
    assert read_database("gone").state == "database_missing"


def test_twenty_tries_a_minute_and_no_more(settings: Settings, typed: Typed) -> None:
    """TRUST C4. Another person has tries of their own, and so has the next minute."""
    add(settings, typed)
    assert runner(settings).run(try_connection, "shop", tried_by="mvogt").outcome == "reachable"
    tried = db.session.scalars(select(OperationRecord).where(OperationRecord.kind == "database.test")).one()
    copied = {column.name: getattr(tried, column.name) for column in OperationRecord.__table__.columns}
    db.session.add_all(OperationRecord(**copied | {"id": new_id()}) for _ in range(17))
    db.session.commit()
    runner(settings).run(try_connection, "shop", tried_by="mvogt")
    with pytest.raises(TooManyTests):
        runner(settings).run(try_connection, "shop", tried_by="mvogt")
    runner(settings).run(try_connection, "shop", tried_by="ines")
    db.session.execute(update(OperationRecord).values(created_at=utc_now() - timedelta(seconds=61)))
    db.session.commit()
    runner(settings).run(try_connection, "shop", tried_by="mvogt")


def test_an_unprotected_way_is_an_exception_that_is_recorded(settings: Settings) -> None:
    """TRUST C6."""
    fields = DatabaseFields("open", "testing", "mysql", "d", "192.0.2.1", 9, "u", "disable")
    add(settings, (fields, ""), even_unreachable=True)
    lines = db.session.scalars(select(OperationLine.message)).all()
    assert "not encrypted" in read_database("open").fields.exposure
    assert any("Exception: TLS mode disable" in line for line in lines)
    told = next(check for check in check_console() if check.name == "databases")
    assert told.value.endswith("; TLS exceptions: open (TLS disable)")
