"""Each failure that an operator may meet becomes one clear line with its mend."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace

import psycopg2
import pymysql
import pytest

from core.connection import ConnectionParameters, Dialect
from core.errors import (
    ConnectionFailed,
    LockTimeout,
    ObjectMissing,
    PrivilegeMissing,
    ServerError,
    ServerTimeout,
    SignInRefused,
    TlsFailed,
)
from database.adapters import adapter_for
from database.adapters.base import Capability
from tests.database.adapters.conftest import Opened
from tests.servers import Server

Connect = Callable[..., Opened]


@pytest.mark.requires(Capability.ACCOUNTS)
def test_too_many_connections(server: Server, connect: Connect, account: ConnectionParameters) -> None:
    limit = "ALTER ROLE {} CONNECTION LIMIT 1" if server.dialect == "postgresql" else (
        "ALTER USER {} WITH MAX_USER_CONNECTIONS 1"
    )  # fmt: skip
    server.execute(server.admin_url, limit.format(account.user))
    connect(account)
    with pytest.raises(ConnectionFailed, match="no free connection") as raised:
        connect(account)
    assert "DB_POOL_SIZE" in raised.value.hint


@pytest.mark.requires(Capability.ACCOUNTS)
def test_a_read_only_server(server: Server, opened: Opened) -> None:
    adapter, connection = opened
    setting = (
        "default_transaction_read_only = on" if server.dialect == "postgresql" else "TRANSACTION READ ONLY"
    )
    adapter.rows(connection, f"SET SESSION {setting}")
    with pytest.raises(ServerError, match="read-only"):
        adapter.rows(connection, "CREATE TABLE t (id integer)")


@pytest.mark.requires(Capability.SESSIONS)
def test_a_deadlock(opened: Opened, connect: Connect) -> None:
    adapter, first = opened
    _, second = connect()
    adapter.rows(first, "CREATE TABLE t (id integer PRIMARY KEY, x integer)")
    adapter.rows(first, "INSERT INTO t VALUES (1, 0), (2, 0)")
    for connection, row in ((first, 1), (second, 2)):
        adapter.rows(connection, "BEGIN")
        adapter.rows(connection, "UPDATE t SET x = 1 WHERE id = %s", (row,))
    failures: list[LockTimeout] = []

    def cross(connection: object, row: int) -> None:
        try:
            adapter.rows(connection, "UPDATE t SET x = 2 WHERE id = %s", (row,))  # type: ignore[arg-type]
        except LockTimeout as error:
            failures.append(error)

    threads = [threading.Thread(target=cross, args=pair) for pair in ((first, 2), (second, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert [failure.message.partition(" with")[0].endswith("a deadlock") for failure in failures] == [True]


def test_what_is_not_known_is_told_as_it_was_said(opened: Opened) -> None:
    adapter, connection = opened
    with pytest.raises(ServerError) as raised:
        adapter.rows(connection, "SELECT\nunheard_of(1)")
    assert type(raised.value) is ServerError
    assert "unheard_of" in raised.value.message.lower() or "syntax" in raised.value.message
    assert "\n" not in raised.value.message


def test_a_missing_table_or_column_is_told_as_one(opened: Opened) -> None:
    """So that a page can say that the schema is not this release's."""
    adapter, connection = opened
    adapter.rows(connection, "CREATE TABLE there (id integer)")
    for missing in ("SELECT id FROM nowhere_to_be_seen", "SELECT absent FROM there"):
        with pytest.raises(ObjectMissing, match="nowhere_to_be_seen|absent"):
            adapter.rows(connection, missing)


def test_what_a_server_says_is_harmless_on_a_terminal(opened: Opened) -> None:
    """TRUST section 1.2."""
    adapter, connection = opened
    name = adapter.quote("\x1b[2J\u202eevil")
    with pytest.raises(ServerError) as raised:
        adapter.rows(connection, f"SELECT * FROM {name}")
    assert "\x1b" not in raised.value.message and "\u202e" not in raised.value.message


MYSQL = ConnectionParameters(Dialect.MARIADB, "shop", "db.example", 3306, "app")
POSTGRESQL = ConnectionParameters(Dialect.POSTGRESQL, "shop", "db.example", 5432, "app")


@pytest.mark.parametrize(
    ("code", "said", "kind", "words"),
    [
        (1047, "WSREP has not yet prepared node for application use", ServerError, "lost the other nodes"),
        (1021, "Disk full (/tmp); waiting", ServerError, "disk .* full"),
        (1114, "The table 't' is full", ServerError, "disk .* full"),
        (1290, "running with the --read-only option", ServerError, "read-only"),
        (1290, "running with the --secure-file-priv option", ServerError, "secure-file-priv"),
        (1836, "Running in read-only mode", ServerError, "read-only"),
        (2013, "Lost connection to MySQL server during query", ConnectionFailed, "lost"),
        (1130, "Host '10.0.0.9' is not allowed to connect", SignInRefused, "from here"),
        (3159, "Connections using insecure transport are prohibited", TlsFailed, "protected"),
        (1969, "Query execution was interrupted (max_statement_time exceeded)", ServerTimeout, "ended"),
        (
            1227,
            "Access denied; you need (at least one of) the BINLOG ADMIN privilege(s)",
            PrivilegeMissing,
            "GRANT BINLOG ADMIN",
        ),
    ],
)
def test_what_mysql_says(code: int, said: str, kind: type[ServerError], words: str) -> None:
    error = adapter_for(MYSQL).explain(pymysql.OperationalError(code, said))
    assert type(error) is kind
    with pytest.raises(kind, match=words):
        raise error


def test_the_grant_names_the_account_and_no_other_database() -> None:
    """TRUST D9: in a GRANT `_` and `%` stand for any character unless escaped."""
    said = "CREATE command denied to user 'app'@'10.0.0.9' for table `app_1`.`t`"
    error = adapter_for(replace(MYSQL, database="app_1")).explain(pymysql.OperationalError(1142, said))
    assert error.hint.endswith(r"GRANT CREATE ON `app\_1`.* TO 'app'@'%';")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ('FATAL:  password authentication failed for user "app"', SignInRefused),
        ('FATAL:  no pg_hba.conf entry for host "10.0.0.9", user "app"', SignInRefused),
        ('FATAL:  role "app" does not exist', SignInRefused),
        ("FATAL:  sorry, too many clients already", ConnectionFailed),
        ("FATAL:  the database system is starting up", ConnectionFailed),
        ("server does not support SSL, but SSL was required", TlsFailed),
        ('root certificate file "/x" does not exist', TlsFailed),
        ("SSL error: certificate verify failed", TlsFailed),
        ("server closed the connection unexpectedly", ConnectionFailed),
        ('could not translate host name "db.example" to address', ConnectionFailed),
    ],
)
def test_what_libpq_says(said: str, kind: type[ServerError]) -> None:
    text = f'connection to server at "10.0.0.1", port 5432 failed: {said}\n'
    error = adapter_for(POSTGRESQL).explain(psycopg2.OperationalError(text))
    assert type(error) is kind
    assert error.hint and "\n" not in error.message
