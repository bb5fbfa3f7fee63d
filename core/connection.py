"""The typed fields of a connection to a database: what a URL or its parts become, and all that is kept of
them (TRUST D3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path


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


@dataclass(frozen=True)
class ConnectionParameters:
    """One database. `database` is its name on the server, or the path of an SQLite file (":memory:" too).
    Its text form never holds the password."""

    dialect: Dialect
    database: str
    host: str = ""
    port: int = 0
    user: str = ""
    password: str = field(default="", repr=False)
    tls_mode: TlsMode = TlsMode.DEFAULT
    tls_root_certificate: str = ""

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
