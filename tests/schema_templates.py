"""Databases with our schema in place, migrated once in a process and copied from then on: a migration takes a
second, a copy some milliseconds."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote, urlsplit

from core.connection import parse_url
from database.migrator import migrate
from tests.servers import Server
from tests.servers.server import connect, sqlite_path


class SchemaTemplates:
    """`copy_into(url)` gives an empty database the schema of now. `folder` holds the template of SQLite; that
    of a server lies beside the databases of the tests, until `drop`."""

    def __init__(self, folder: Path, servers: dict[str, Server]) -> None:
        self._folder = folder
        self._servers = servers
        self._made: dict[str, str] = {}

    def copy_into(self, url: str) -> None:
        """On a server that is none of the tests' own it is migrated."""
        dialect = urlsplit(url).scheme
        if dialect == "sqlite":
            shutil.copyfile(sqlite_path(self._template(dialect)), sqlite_path(url))
            return
        server = self._server_of(url)
        if server is None:
            migrate(parse_url(url), applied_by="test")
        elif server.dialect == "postgresql":
            _copy_postgresql(server, self._template(dialect), url)
        else:
            _copy_tables(server, self._template(server.dialect), url)

    def drop(self) -> None:
        for dialect, url in self._made.items():
            if dialect in self._servers:
                self._servers[dialect].drop_database(url)

    def _server_of(self, url: str) -> Server | None:
        """The one at whose address `url` is."""
        place = urlsplit(url).netloc
        at = (one for one in self._servers.values() if urlsplit(one.admin_url).netloc == place)
        return next(at, None)

    def _template(self, dialect: str) -> str:
        if dialect not in self._made:
            template = self._new_database(dialect)
            migrate(parse_url(template), applied_by="test")
            self._made[dialect] = template
        return self._made[dialect]

    def _new_database(self, dialect: str) -> str:
        if dialect == "sqlite":
            (self._folder / "template.db").touch()
            return f"sqlite:///{self._folder / 'template.db'}"
        return self._servers[dialect].create_database()


def _name(url: str) -> str:
    return unquote(urlsplit(url).path.removeprefix("/"))


def _copy_postgresql(server: Server, template: str, url: str) -> None:
    name, quoted = _name(url), server.quoted
    server.drop_database(url)
    server.execute(server.admin_url, f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(_name(template))}")


def _copy_tables(server: Server, template: str, url: str) -> None:
    """Each table as the template's, and the rows that the migrations wrote."""
    quoted = server.quoted
    with closing(connect(url)) as connection, closing(connection.cursor()) as cursor:
        source = quoted(_name(template))
        cursor.execute("SET foreign_key_checks = 0")
        cursor.execute(f"SHOW TABLES FROM {source}")
        for table in [quoted(row[0]) for row in cursor.fetchall()]:
            cursor.execute(f"SHOW CREATE TABLE {source}.{table}")
            cursor.execute(cursor.fetchone()[1])
            cursor.execute(f"INSERT INTO {table} SELECT * FROM {source}.{table}")
