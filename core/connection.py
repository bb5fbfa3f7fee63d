"""The typed fields of a connection to a database: what a URL or its parts become, and all that is kept of
them (TRUST D3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from core.errors import ConfigurationError, InvalidInput
from core.text import visible
from core.urls import UrlPieces, split_url


class Dialect(StrEnum):
    """The kinds of database server; MariaDB announced as `mysql` is recognised when it answers."""

    POSTGRESQL = "postgresql"
    MYSQL = "mysql"
    MARIADB = "mariadb"
    SQLITE = "sqlite"


class TlsMode(StrEnum):
    """How the connection is protected, in PostgreSQL's words; the empty one leaves it to the driver."""

    DEFAULT = ""
    DISABLE = "disable"
    PREFER = "prefer"
    REQUIRE = "require"
    VERIFY_CA = "verify-ca"
    VERIFY_FULL = "verify-full"


DEFAULT_PORTS = {Dialect.POSTGRESQL: 5432, Dialect.MYSQL: 3306, Dialect.MARIADB: 3306}
LOCAL_HOST = "localhost"


@dataclass(frozen=True)
class ConnectionParameters:
    """One database. `database` is its name on the server, or the path of an SQLite file (":memory:" too).
    `allowed` is for registered databases: the hosts, addresses and networks that may be dialled besides
    ordinary ones, or the folder that holds the file. None: the console's own, which may be anywhere.
    The text form never holds the password."""

    dialect: Dialect
    database: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    tls_mode: TlsMode = TlsMode.DEFAULT
    tls_root_certificate: str = ""
    allowed: tuple[str, ...] | None = field(default=None, repr=False)

    @property
    def is_registered(self) -> bool:
        """True when people named it in the console: then neither its address nor what answers there is
        trusted."""
        return self.allowed is not None

    @property
    def name(self) -> str:
        """The name people know it by: the database's, or the file's without its ending."""
        return Path(self.database).stem if self.dialect is Dialect.SQLITE else self.database

    @property
    def in_memory(self) -> bool:
        """True for an SQLite database that no file holds."""
        return self.dialect is Dialect.SQLITE and self.database == ":memory:"

    def __str__(self) -> str:
        if self.dialect is Dialect.SQLITE:
            return f"sqlite:///{self.database}"
        account = f"{self.user}@" if self.user else ""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.dialect}://{account}{host}:{self.port}/{self.database}"


def parse_url(text: str, *, variable: str = "", database_required: bool = True) -> ConnectionParameters:
    """The fields of the URL `text`. Raises ConfigurationError that names `variable`, or InvalidInput when
    there is none; neither shows any part that could be a password."""
    try:
        return _read(split_url(text.strip()), database_required)
    except ValueError as error:
        if variable:
            raise ConfigurationError(f"{variable} {error}.") from None
        raise InvalidInput(f"The URL {error}.") from None


_SCHEMES = {
    "postgresql": (Dialect.POSTGRESQL, "psycopg2"),
    "postgres": (Dialect.POSTGRESQL, "psycopg2"),
    "mysql": (Dialect.MYSQL, "pymysql"),
    "mariadb": (Dialect.MARIADB, "pymysql"),
    "sqlite": (Dialect.SQLITE, "pysqlite"),
}
_POSTGRESQL_KEYS = ("sslmode", "sslrootcert", "connect_timeout", "application_name")
_MYSQL_KEYS = ("charset", "sslmode", "ssl_mode", "ssl_ca")
_KEYS: dict[Dialect, tuple[str, ...]] = {
    Dialect.POSTGRESQL: _POSTGRESQL_KEYS,
    Dialect.MYSQL: _MYSQL_KEYS,
    Dialect.MARIADB: _MYSQL_KEYS,
    Dialect.SQLITE: (),
}
_ONE_MEANING = {"ssl_mode": "sslmode", "ssl_ca": "sslrootcert"}
_MYSQL_WORDS = {
    "disabled": TlsMode.DISABLE,
    "preferred": TlsMode.PREFER,
    "required": TlsMode.REQUIRE,
    "verify-identity": TlsMode.VERIFY_FULL,
}


def _read(pieces: UrlPieces, database_required: bool) -> ConnectionParameters:
    dialect = _dialect(pieces.scheme)
    options = _options(dialect, pieces.query)
    if dialect is Dialect.SQLITE:
        return ConnectionParameters(dialect, _file(pieces))
    if database_required and not pieces.path:
        raise ValueError("names no database; end it with /NAME")
    certificate = options.get("sslrootcert", "")
    return ConnectionParameters(
        dialect,
        pieces.path,
        pieces.host or LOCAL_HOST,
        pieces.port or DEFAULT_PORTS[dialect],
        pieces.user,
        pieces.password,
        _tls_mode(dialect, options.get("sslmode", ""), certificate),
        certificate,
    )


def _dialect(scheme: str) -> Dialect:
    name, _, driver = scheme.partition("+")
    if name not in _SCHEMES:
        allowed = ", ".join(word for word in _SCHEMES if word != "postgres")
        raise ValueError(f'starts with "{scheme}", allowed: {allowed}')
    dialect, ours = _SCHEMES[name]
    if driver not in ("", ours):
        raise ValueError(f'asks for the driver "{driver}", but {ours} is the one used; write {dialect}://')
    return dialect


def _options(dialect: Dialect, query: tuple[tuple[str, str], ...]) -> dict[str, str]:
    """The allowed keys with one name for each meaning. The two that a setting or we ourselves decide,
    connect_timeout and application_name, are taken and left unused."""
    options: dict[str, str] = {}
    for key, value in query:
        if key not in _KEYS[dialect]:
            allowed = ", ".join(_KEYS[dialect]) or "none"
            raise ValueError(
                f'has the key "{visible(key[:40])}", which is not allowed; take it out (allowed: {allowed})'
            )
        meaning = _ONE_MEANING.get(key, key)
        if meaning in options:
            raise ValueError(f'has the key "{key}" more than once')
        options[meaning] = value
    if options.get("charset", "utf8mb4").lower() != "utf8mb4":
        raise ValueError("has a charset other than utf8mb4; take it out")
    return options


def _tls_mode(dialect: Dialect, word: str, certificate: str) -> TlsMode:
    word = word.lower().replace("_", "-")
    if word not in _MYSQL_WORDS and word not in list(TlsMode):
        raise ValueError(f"has an sslmode that is not allowed; allowed: {', '.join(filter(None, TlsMode))}")
    mode = _MYSQL_WORDS.get(word) or TlsMode(word)
    if dialect is Dialect.POSTGRESQL:
        return mode
    if mode in (TlsMode.VERIFY_CA, TlsMode.VERIFY_FULL) and not certificate:
        raise ValueError(f"asks for {mode} but names no certificate authority; add ssl_ca=FILE")
    # MySQL's own clients take a certificate authority alone to mean that it shall be checked.
    return TlsMode.VERIFY_CA if certificate and mode is TlsMode.DEFAULT else mode


def _file(pieces: UrlPieces) -> str:
    if pieces.host or pieces.user or pieces.password or pieces.port:
        raise ValueError("has two slashes; write sqlite:///relative.db or sqlite:////absolute.db")
    if not pieces.path or pieces.path.startswith("file:"):
        raise ValueError("names no file; write sqlite:///relative.db or sqlite:////absolute.db")
    return pieces.path
