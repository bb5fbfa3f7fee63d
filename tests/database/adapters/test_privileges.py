"""A missing privilege is named with the statement that gives it: run as it is, it mends the matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from core.connection import ConnectionParameters
from core.errors import PrivilegeMissing
from database.adapters.base import Capability
from tests.database.adapters.conftest import Opened
from tests.servers import Server

pytestmark = pytest.mark.requires(Capability.ACCOUNTS)

Connect = Callable[..., Opened]


def refused(opened: Opened, statement: str) -> PrivilegeMissing:
    adapter, connection = opened
    with pytest.raises(PrivilegeMissing) as raised:
        adapter.rows(connection, statement)
    assert "run: " in raised.value.hint
    return raised.value


def mend(server: Server, url: str, error: PrivilegeMissing) -> None:
    server.execute(url, error.hint.partition("run: ")[2].removesuffix(";"))


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE fresh (id integer)",
        "INSERT INTO t VALUES (2)",
        "DELETE FROM t",
        "UPDATE t SET id = 3",
        "DROP TABLE t",
        "CREATE INDEX ix_t_id ON t (id)",
    ],
)
def test_the_missing_grant(
    server: Server, database_url: str, connect: Connect, account: ConnectionParameters, statement: str
) -> None:
    server.execute(database_url, "CREATE TABLE t (id integer)", "INSERT INTO t VALUES (1)")
    opened = connect(account)
    mended = 0
    while True:  # one grant at a time, as the server names them
        try:
            opened[0].rows(opened[1], statement)
            break
        except PrivilegeMissing as error:
            assert mended < 3
            mend(server, database_url, error)
            mended += 1
            opened = connect(account)
    assert mended


def test_creating_a_database(
    server: Server, database_url: str, connect: Connect, account: ConnectionParameters
) -> None:
    adapter, connection = connect(account)
    name = f"{account.database}_new"
    with pytest.raises(PrivilegeMissing) as raised:
        adapter.create_database(connection, name)
    assert account.user in raised.value.hint
    if server.dialect == "postgresql":
        mend(server, database_url, raised.value)
        adapter.create_database(connection, name)
        adapter.drop_database(connection, name)


def test_ending_the_session_of_another(
    connect: Connect, parameters: ConnectionParameters, account: ConnectionParameters
) -> None:
    adapter, connection = connect(account)
    _, other = connect(parameters)
    backend = getattr(other, "get_backend_pid", None) or other.thread_id  # type: ignore[attr-defined]
    with pytest.raises(PrivilegeMissing) as raised:
        adapter.terminate(connection, backend())
    assert raised.value.hint


def test_an_account_of_no_rights_sees_what_it_can(connect: Connect, account: ConnectionParameters) -> None:
    """Nothing that is asked in passing needs an administrator."""
    adapter, connection = connect(account)
    adapter.ping(connection)
    assert account.database in adapter.list_databases(connection)
    assert adapter.database_size(connection) >= 0
    assert adapter.table_sizes(connection) == ()
    assert adapter.schema_names(connection).tables == frozenset()
    assert adapter.revisions(connection) == ()
    assert adapter.connection_limits(connection) is not None
    assert adapter.tls_state(connection) is not None
    adapter.sessions(connection)
    adapter.data_folder(connection)
    assert all(probe.status == "healthy" for probe in adapter.probes(connection))
    with adapter.native_lock(connection, "schema", 0):
        pass


def test_what_sqlalchemy_wrapped_is_explained(
    server: Server, database_url: str, connect: Connect, account: ConnectionParameters
) -> None:
    adapter, _ = connect(account)
    server.execute(database_url, "CREATE TABLE t (id integer)")
    engine = create_engine(
        "postgresql+psycopg2://" if server.dialect == "postgresql" else "mysql+pymysql://",
        creator=lambda: adapter.connect(5),
    )
    with pytest.raises(DBAPIError) as raised, engine.begin() as connection:
        connection.execute(text("INSERT INTO t VALUES (1)"))
    engine.dispose()
    assert isinstance(raised.value.orig, Exception)
    explained = adapter.explain(raised.value.orig)
    assert isinstance(explained, PrivilegeMissing)
    assert "GRANT INSERT ON " in explained.hint and account.user in explained.hint


def test_a_database_that_one_may_not_enter(
    server: Server, connect: Connect, account: ConnectionParameters
) -> None:
    url = server.create_database()
    name = url.rpartition("/")[2]
    try:
        if server.dialect == "postgresql":
            server.execute(server.admin_url, f'REVOKE CONNECT ON DATABASE "{name}" FROM PUBLIC')
        with pytest.raises(PrivilegeMissing) as raised:
            connect(replace(account, database=name))
        mend(server, server.admin_url, raised.value)
        connect(replace(account, database=name))
    finally:
        server.drop_database(url)
