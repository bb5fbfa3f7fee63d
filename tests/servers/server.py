"""A running server as tests see it: its address, fresh databases, and plain statements by its own driver."""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import psycopg2
import pymysql

DIALECTS = ("sqlite", "postgresql", "mariadb", "mysql")
_CONNECT_SECONDS = 10


@dataclass(frozen=True)
class Missing:
    """A server that no test can have in this run, and why."""

    dialect: str
    reason: str


@dataclass(frozen=True)
class Server:
    """A server with an account that may do all. `tools` is the folder of its client programs, "" when
    unknown; `ours` is False for one that the user named."""

    dialect: str
    version: str
    admin_url: str
    tools: str = ""
    ours: bool = True

    def create_database(self, name: str | None = None) -> str:
        """The URL of a fresh empty database."""
        name = name or f"test_{secrets.token_hex(6)}"
        if self.dialect == "sqlite":
            path = Path(sqlite_path(self.admin_url)) / f"{name}.db"
            path.touch(exist_ok=False)
            return f"sqlite:///{quote(str(path))}"
        options = "TEMPLATE template0" if self.dialect == "postgresql" else "COLLATE utf8mb4_bin"
        self.execute(self.admin_url, f"CREATE DATABASE {self.quoted(name)} {options}")
        return urlunsplit(urlsplit(self.admin_url)._replace(path="/" + quote(name, safe="")))

    def quoted(self, name: str) -> str:
        """`name` as an identifier in SQL."""
        mark = "`" if self.dialect in ("mysql", "mariadb") else '"'
        return mark + name.replace(mark, mark * 2) + mark

    def drop_database(self, url: str) -> None:
        """Drop it if it is there, whoever is still connected."""
        name = unquote(urlsplit(url).path.removeprefix("/"))
        if self.dialect == "sqlite":
            for ending in ("", "-wal", "-shm", "-journal"):
                Path(sqlite_path(url) + ending).unlink(missing_ok=True)
        elif self.dialect == "postgresql":
            self.execute(self.admin_url, f"DROP DATABASE IF EXISTS {self.quoted(name)} WITH (FORCE)")
        else:
            _drop_mysql(self.admin_url, name, self.quoted(name))

    def execute(self, url: str, *statements: str) -> list[tuple[object, ...]]:
        """Run the statements in autocommit; the rows of the last one."""
        rows: list[tuple[object, ...]] = []
        with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
            for statement in statements:
                cursor.execute(statement)
                rows = [tuple(row) for row in cursor.fetchall()] if cursor.description else []
        return rows


def connect(url: str) -> Any:
    """A connection in autocommit by the driver that the URL's scheme asks for."""
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite3.connect(sqlite_path(url), isolation_level=None)
    if parts.scheme == "postgresql":
        connection = psycopg2.connect(url, connect_timeout=_CONNECT_SECONDS)
        connection.autocommit = True
        return connection
    return pymysql.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        database=unquote(parts.path.removeprefix("/")) or None,
        charset="utf8mb4",
        autocommit=True,
        connect_timeout=_CONNECT_SECONDS,
        # Reading the system's certificates takes longer than all the rest; MySQL wants TLS for its passwords.
        ssl_disabled=parts.scheme == "mariadb",
    )


def read_version(url: str) -> str:
    """The version the server gives, without its build: "16.14", "10.11.19"."""
    question = "SHOW server_version" if url.startswith("postgresql") else "SELECT version()"
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        cursor.execute(question)
        return str(cursor.fetchone()[0]).split()[0].split("-")[0]


def sqlite_path(url: str) -> str:
    """The path inside a `sqlite:///path` URL."""
    return unquote(url.removeprefix("sqlite:///"))


def _drop_mysql(admin_url: str, name: str, quoted: str) -> None:
    with closing(connect(admin_url)) as connection, closing(connection.cursor()) as cursor:
        # A forgotten open transaction would hold the drop for the lock timeout, which can be a day.
        cursor.execute("SELECT id, db FROM information_schema.processlist")
        for session in [id for id, database in cursor.fetchall() if database == name]:
            with suppress(pymysql.err.OperationalError):  # it went by itself
                cursor.execute(f"KILL {session}")
        cursor.execute(f"DROP DATABASE IF EXISTS {quoted}")
