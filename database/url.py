"""The written forms of a connection: SQLAlchemy's URL for our own engines, and what other programs take."""

from __future__ import annotations

import re
from pathlib import Path
from shlex import quote as shell_quote
from urllib.parse import quote, urlencode

from core.connection import ConnectionParameters, Dialect, TlsMode

HIDDEN = "***"
Forms = tuple[tuple[str, str], ...]


def driver_url(parameters: ConnectionParameters) -> str:
    """SQLAlchemy's URL: the driver named, the password included, the path of an SQLite file absolute. For
    engines alone; nothing may print or store it."""
    return _sqlalchemy(parameters, _escape(parameters.password))


def dsn_forms(parameters: ConnectionParameters, *, reveal: bool = False) -> Forms:
    """(program, connection string) pairs for SQLAlchemy, PyDAL, GORM, JDBC and the server's own client,
    which is psql for PostgreSQL. The password is *** unless `reveal`."""
    hidden = bool(parameters.password) and not reveal
    plain = HIDDEN if hidden else parameters.password
    escaped = HIDDEN if hidden else _escape(parameters.password)
    return _FORMS[parameters.dialect](parameters, plain, escaped)


def _sqlalchemy(parameters: ConnectionParameters, password: str) -> str:
    if parameters.dialect is Dialect.SQLITE:
        return f"sqlite:///{quote(_file(parameters), safe='/:')}"
    if parameters.dialect is Dialect.POSTGRESQL:
        return _url("postgresql+psycopg2", parameters, password, _libpq_tls(parameters))
    return _url("mysql+pymysql", parameters, password, {"charset": "utf8mb4", **_pymysql_tls(parameters)})


def _postgresql_forms(parameters: ConnectionParameters, plain: str, escaped: str) -> Forms:
    tls = _libpq_tls(parameters)
    fields = {
        "host": parameters.host,
        "port": str(parameters.port),
        "user": parameters.user,
        "password": plain,
        "dbname": parameters.database,
    } | tls
    conninfo = " ".join(f"{key}={_conninfo(value)}" for key, value in fields.items() if value)
    return (
        ("SQLAlchemy", _sqlalchemy(parameters, escaped)),
        # "postgres3" has true booleans; plain "postgres" keeps them as text.
        ("PyDAL", _pydal("postgres3:psycopg2", parameters, escaped, tls)),
        ("GORM", conninfo),
        ("JDBC", _jdbc("postgresql", parameters, escaped, tls)),
        ("psql", _url("postgresql", parameters, escaped, tls)),
    )


def _mysql_forms(parameters: ConnectionParameters, plain: str, escaped: str) -> Forms:
    client = str(parameters.dialect)
    # Go's driver takes user and password as they are, and splits at the last @ before the last slash.
    go_options = urlencode({"charset": "utf8mb4", "parseTime": "true"} | _named("tls", _GO_TLS, parameters))
    account = f"{parameters.user}:{plain}" if plain else parameters.user
    place = f"tcp({_place(parameters)})/{_escape(parameters.database)}"
    return (
        ("SQLAlchemy", _sqlalchemy(parameters, escaped)),
        ("PyDAL", _pydal("mysql:pymysql", parameters, escaped, {"set_encoding": "utf8mb4"})),
        ("GORM", f"{account}@{place}?{go_options}"),
        (
            "JDBC",
            _jdbc(client, parameters, escaped, _named("sslMode", _JDBC_TLS[parameters.dialect], parameters)),
        ),
        (client, _mysql_command(client, parameters)),
    )


def _sqlite_forms(parameters: ConnectionParameters, _plain: str, _escaped: str) -> Forms:
    path = _file(parameters)
    return (
        ("SQLAlchemy", _sqlalchemy(parameters, "")),
        ("PyDAL", "sqlite:memory" if parameters.in_memory else f"sqlite://{path}"),
        ("GORM", path if parameters.in_memory else f"file:{quote(path)}"),
        ("JDBC", f"jdbc:sqlite:{path}"),
        ("sqlite3", f"sqlite3 {shell_quote(path)}"),
    )


def _url(scheme: str, parameters: ConnectionParameters, password: str, options: dict[str, str]) -> str:
    query = f"?{urlencode(options, quote_via=quote)}" if options else ""
    place = f"{_account(parameters, password)}{_place(parameters)}"
    return f"{scheme}://{place}/{_escape(parameters.database)}{query}"


def _pydal(scheme: str, parameters: ConnectionParameters, password: str, options: dict[str, str]) -> str:
    """PyDAL decodes user and password with credential_decoder=urllib.parse.unquote, the name not at all."""
    known = {key: value for key, value in options.items() if key in ("sslmode", "set_encoding")}
    query = f"?{urlencode(known)}" if known else ""
    return f"{scheme}://{_account(parameters, password)}{_place(parameters)}/{parameters.database}{query}"


def _jdbc(scheme: str, parameters: ConnectionParameters, password: str, options: dict[str, str]) -> str:
    account = {"user": _escape(parameters.user), "password": password}
    words = account | {key: _escape(value) for key, value in options.items()}
    query = "&".join(f"{key}={value}" for key, value in words.items() if value)
    return f"jdbc:{scheme}://{_place(parameters)}/{_escape(parameters.database)}" + (
        f"?{query}" if query else ""
    )


def _mysql_command(client: str, parameters: ConnectionParameters) -> str:
    """The client's command line, which asks for the password: an argument would show it to everyone."""
    options = {
        "host": parameters.host,
        "port": str(parameters.port),
        "user": parameters.user,
        "database": parameters.database,
        "ssl-ca": parameters.tls_root_certificate,
    }
    words = [shell_quote(f"--{key}={value}") for key, value in options.items() if value]
    return " ".join([client, *words, "--password"])


def _account(parameters: ConnectionParameters, password: str) -> str:
    if not parameters.user and not password:
        return ""
    return f"{_escape(parameters.user)}:{password}@" if password else f"{_escape(parameters.user)}@"


def _place(parameters: ConnectionParameters) -> str:
    host = f"[{_escape(parameters.host, ':')}]" if ":" in parameters.host else parameters.host
    return f"{host}:{parameters.port}"


def _file(parameters: ConnectionParameters) -> str:
    """The path made absolute: Flask-SQLAlchemy would read a relative one from the instance folder."""
    return parameters.database if parameters.in_memory else str(Path(parameters.database).absolute())


def _escape(text: str, safe: str = "") -> str:
    return quote(text, safe=safe)


def _conninfo(value: str) -> str:
    """`value` as libpq reads it: in single quotes, the quote and the backslash escaped (TRUST D2)."""
    if _PLAIN.fullmatch(value):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _libpq_tls(parameters: ConnectionParameters) -> dict[str, str]:
    options = {"sslmode": str(parameters.tls_mode), "sslrootcert": parameters.tls_root_certificate}
    return {key: value for key, value in options.items() if value}


def _pymysql_tls(parameters: ConnectionParameters) -> dict[str, str]:
    """PyMySQL's words through SQLAlchemy: any ssl_ key at all demands TLS, and a certificate authority
    demands that the certificate is checked."""
    if parameters.tls_mode is TlsMode.DISABLE:
        return {"ssl_disabled": "true"}
    if parameters.tls_mode in (TlsMode.DEFAULT, TlsMode.PREFER):
        return {}
    certificate = parameters.tls_root_certificate
    identity = "true" if parameters.tls_mode is TlsMode.VERIFY_FULL else "false"
    return {"ssl_check_hostname": identity} | ({"ssl_ca": certificate} if certificate else {})


def _named(key: str, words: dict[TlsMode, str], parameters: ConnectionParameters) -> dict[str, str]:
    return {key: words[parameters.tls_mode]} if parameters.tls_mode in words else {}


_PLAIN = re.compile(r"[\w.:/*\-]+")
_FORMS = {
    Dialect.POSTGRESQL: _postgresql_forms,
    Dialect.MYSQL: _mysql_forms,
    Dialect.MARIADB: _mysql_forms,
    Dialect.SQLITE: _sqlite_forms,
}
# Go's driver cannot check the authority without the host's name, so verify-ca becomes the stricter one.
_GO_TLS = {
    TlsMode.DISABLE: "false",
    TlsMode.PREFER: "preferred",
    TlsMode.REQUIRE: "skip-verify",
    TlsMode.VERIFY_CA: "true",
    TlsMode.VERIFY_FULL: "true",
}
_JDBC_TLS = {
    Dialect.MYSQL: {
        TlsMode.DISABLE: "DISABLED",
        TlsMode.PREFER: "PREFERRED",
        TlsMode.REQUIRE: "REQUIRED",
        TlsMode.VERIFY_CA: "VERIFY_CA",
        TlsMode.VERIFY_FULL: "VERIFY_IDENTITY",
    },
    Dialect.MARIADB: {
        TlsMode.DISABLE: "disable",
        TlsMode.PREFER: "trust",
        TlsMode.REQUIRE: "trust",
        TlsMode.VERIFY_CA: "verify-ca",
        TlsMode.VERIFY_FULL: "verify-full",
    },
}
