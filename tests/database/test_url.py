"""A connection's written forms reach the very database they name, whatever stands in the names (TRUST D2),
and hide the password unless told otherwise."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import pytest
from sqlalchemy import create_engine, make_url, text
from sqlalchemy.pool import NullPool

from core.connection import ConnectionParameters, Dialect, TlsMode, parse_url
from database.url import driver_url, dsn_forms
from tests.servers import Server

NAMES = [
    "it's",
    'a"b',
    "a=b",
    "host=evil dbname=x",
    "50%41",
    "a-b c",
    "a@b",
    "a/b",
    "a?b#c",
    "`tick`",
    "ÄÖ-é",
    "a&b+c",
]
PASSWORD = "p@s:s/w?r#d %41'\"+&=\\"
QUESTIONS = {
    "postgresql": "SELECT current_database()",
    "mysql": "SELECT database()",
    "mariadb": "SELECT database()",
}


@pytest.fixture(params=NAMES)
def named(server: Server, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database whose name is hard to write."""
    name = request.param
    if server.dialect == "sqlite":
        yield f"sqlite:///{tmp_path}/{quote(name.replace('/', '_'), safe='')}.db"
        return
    mark = '"' if server.dialect == "postgresql" else "`"
    quoted = mark + name.replace(mark, mark * 2) + mark
    server.execute(server.admin_url, f"CREATE DATABASE {quoted}")
    yield urlsplit(server.admin_url)._replace(path=f"/{quote(name, safe='')}").geturl()
    server.execute(server.admin_url, f"DROP DATABASE {quoted}")


def test_a_hard_name_survives_into_the_server(server: Server, named: str) -> None:
    parameters = parse_url(named)
    engine = create_engine(driver_url(parameters), poolclass=NullPool)
    with engine.connect() as connection:
        if server.dialect == "sqlite":
            reached = connection.execute(text("PRAGMA database_list")).one()[2]
        else:
            reached = connection.execute(text(QUESTIONS[server.dialect])).scalar_one()
    assert reached == parameters.database


def test_a_hard_account_survives_into_the_server(server: Server) -> None:
    """User and password with every sign that a URL could trip over."""
    if server.dialect == "sqlite":
        pytest.skip("a file has no accounts")
    user = "o'neil@x:y/%41"
    make, drop = account(server.dialect, user)
    server.execute(server.admin_url, *make)
    try:
        name = "postgres" if server.dialect == "postgresql" else "information_schema"
        parameters = replace(parse_url(server.admin_url), user=user, password=PASSWORD, database=name)
        with create_engine(driver_url(parameters), poolclass=NullPool).connect() as connection:
            reached = connection.execute(text("SELECT current_user")).scalar_one()
    finally:
        server.execute(server.admin_url, drop)
    assert str(reached).startswith(user)


def test_psql_takes_both_forms(server: Server, named: str) -> None:
    """The last form is psql's own, GORM's is a conninfo string that psql reads too."""
    if server.dialect != "postgresql":
        pytest.skip("psql speaks to PostgreSQL alone")
    psql = Path(server.tools or "/nowhere") / "psql"
    if not psql.exists():
        pytest.skip("this server came without psql")
    forms = dict(dsn_forms(parse_url(named), reveal=True))
    for form in (forms["psql"], forms["GORM"]):
        asked = [str(psql), "-X", "-A", "-t", "-c", QUESTIONS["postgresql"], f"--dbname={form}"]
        run = subprocess.run(
            asked, capture_output=True, text=True, env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"}
        )
        assert run.stdout.rstrip("\n") == parse_url(named).database, run.stderr


@pytest.mark.parametrize("dialect", Dialect)
def test_the_password_is_hidden_unless_revealed(dialect: Dialect) -> None:
    secret = "tulip@violet"
    parameters = ConnectionParameters(dialect, "d", "h", 7, "u", secret)
    hidden = repr(dsn_forms(parameters))
    assert "tulip" not in hidden
    assert "violet" not in hidden
    if dialect is not Dialect.SQLITE:
        assert hidden.count("***") == 5 - hidden.count("--password")
        assert "tulip" in unquote(repr(dsn_forms(parameters, reveal=True)))


def test_the_forms_of_postgresql() -> None:
    parameters = parse_url("postgresql://u:p@[::1]/my%20d?sslmode=verify-full&sslrootcert=/ca.pem")
    tls = "sslmode=verify-full&sslrootcert=%2Fca.pem"
    assert dsn_forms(parameters) == (
        ("SQLAlchemy", f"postgresql+psycopg2://u:***@[::1]:5432/my%20d?{tls}"),
        ("PyDAL", "postgres3:psycopg2://u:***@[::1]:5432/my d?sslmode=verify-full"),
        (
            "GORM",
            "host=::1 port=5432 user=u password=*** dbname='my d' sslmode=verify-full sslrootcert=/ca.pem",
        ),
        ("JDBC", f"jdbc:postgresql://[::1]:5432/my%20d?user=u&password=***&{tls}"),
        ("psql", f"postgresql://u:***@[::1]:5432/my%20d?{tls}"),
    )


@pytest.mark.parametrize(("client", "word"), [("mysql", "REQUIRED"), ("mariadb", "trust")])
def test_the_forms_of_mysql(client: str, word: str) -> None:
    assert dsn_forms(parse_url(f"{client}://u:p@h/my%20d?sslmode=require")) == (
        ("SQLAlchemy", "mysql+pymysql://u:***@h:3306/my%20d?charset=utf8mb4&ssl_check_hostname=false"),
        ("PyDAL", "mysql:pymysql://u:***@h:3306/my d?set_encoding=utf8mb4"),
        ("GORM", "u:***@tcp(h:3306)/my%20d?charset=utf8mb4&parseTime=true&tls=skip-verify"),
        ("JDBC", f"jdbc:{client}://h:3306/my%20d?user=u&password=***&sslMode={word}"),
        (client, f"{client} --host=h --port=3306 --user=u '--database=my d' --password"),
    )


def test_the_forms_of_a_file_name_it_from_the_root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert dsn_forms(parse_url("sqlite:///my%20d.db")) == (
        ("SQLAlchemy", f"sqlite:///{tmp_path}/my%20d.db"),
        ("PyDAL", f"sqlite://{tmp_path}/my d.db"),
        ("GORM", f"file:{tmp_path}/my%20d.db"),
        ("JDBC", f"jdbc:sqlite:{tmp_path}/my d.db"),
        ("sqlite3", f"sqlite3 '{tmp_path}/my d.db'"),
    )


def test_a_database_in_memory_has_no_path() -> None:
    forms = dict(dsn_forms(parse_url("sqlite:///:memory:")))
    assert driver_url(parse_url("sqlite:///:memory:")) == forms["SQLAlchemy"] == "sqlite:///:memory:"
    assert forms["PyDAL"] == "sqlite:memory"


@pytest.mark.parametrize(
    ("mode", "certificate", "expected"),
    [
        (TlsMode.DEFAULT, "", {}),
        (TlsMode.PREFER, "/ca.pem", {}),
        (TlsMode.DISABLE, "", {"ssl_disabled": "true"}),
        (TlsMode.REQUIRE, "", {"ssl": {"check_hostname": False}}),
        (TlsMode.VERIFY_CA, "/ca.pem", {"ssl": {"check_hostname": False, "ca": "/ca.pem"}}),
        (TlsMode.VERIFY_FULL, "/ca.pem", {"ssl": {"check_hostname": True, "ca": "/ca.pem"}}),
    ],
)
@pytest.mark.parametrize("dialect", [Dialect.MYSQL, Dialect.MARIADB])
def test_protection_in_pymysqls_words(
    dialect: Dialect, mode: TlsMode, certificate: str, expected: dict[str, object]
) -> None:
    """PyMySQL demands TLS as soon as `ssl` holds anything, and checks the certificate when it holds `ca`."""
    parameters = ConnectionParameters(
        dialect, "d", "h", 1, "u", tls_mode=mode, tls_root_certificate=certificate
    )
    engine = create_engine(driver_url(parameters))
    _, found = engine.dialect.create_connect_args(engine.url)
    assert {key: value for key, value in found.items() if key.startswith("ssl")} == expected
    assert found["charset"] == "utf8mb4"


@pytest.mark.parametrize("mode", TlsMode)
def test_protection_in_libpqs_words(mode: TlsMode) -> None:
    parameters = ConnectionParameters(Dialect.POSTGRESQL, "d", "h", 1, tls_mode=mode)
    assert dict(make_url(driver_url(parameters)).query) == ({"sslmode": mode} if mode else {})


def test_a_server_without_tls_is_refused_where_it_is_required(server: Server) -> None:
    if server.dialect == "sqlite":
        pytest.skip("no network is crossed")
    parameters = replace(
        parse_url(server.admin_url), tls_mode=TlsMode.VERIFY_FULL, tls_root_certificate="/nowhere"
    )
    with pytest.raises(Exception, match="(?i)ssl|tls|no such file|certificate"):
        create_engine(driver_url(parameters), poolclass=NullPool).connect()


def account(dialect: str, user: str) -> tuple[list[str], str]:
    """The statements that make an account, and the one that drops it."""
    if dialect == "postgresql":
        name, password = '"' + user.replace('"', '""') + '"', "'" + PASSWORD.replace("'", "''") + "'"
        return [f"CREATE ROLE {name} LOGIN PASSWORD {password}"], f"DROP ROLE {name}"
    name = "'" + user.replace("'", "''") + "'@'%'"
    password = "'" + PASSWORD.replace("\\", "\\\\").replace("'", "''") + "'"
    return [f"CREATE USER {name} IDENTIFIED BY {password}"], f"DROP USER {name}"
