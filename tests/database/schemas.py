"""Schemas as the models say, and ways to spoil them by hand on each kind of server."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, select

from core.connection import parse_url
from database.migrator import migration_engine
from models import User, db
from models.base import Model
from tests.servers import Server
from tests.servers.server import connect


@dataclass(frozen=True)
class Rewrite:
    """Another text for a table, where SQLite has no ALTER."""

    table: str
    old: str
    new: str


@dataclass(frozen=True)
class Change:
    """One difference made by hand: how the sentence begins that names it, and what makes it on each kind of
    server, "" where nothing can. Several statements are parted by `; `. MariaDB does as MySQL unless told."""

    found: str
    sqlite: Rewrite | str = ""
    postgresql: str = ""
    mysql: str = ""
    mariadb: str | None = None

    def statement(self, dialect: str) -> Rewrite | str:
        """What makes it on that kind of server."""
        if dialect == "mariadb" and self.mariadb is None:
            return self.mysql
        return {"sqlite": self.sqlite, "postgresql": self.postgresql, "mysql": self.mysql}.get(
            dialect, self.mariadb or ""
        )


def make_schema(url: str) -> None:
    """Everything the models say."""
    engine = migration_engine(parse_url(url))
    with engine.begin() as connection:
        db.metadata.create_all(connection)
    engine.dispose()


def spoil(server: Server, url: str, *changes: Change) -> list[Change]:
    """Make those of the changes that this kind of server can have; gives them."""
    made = [change for change in changes if change.statement(server.dialect)]
    for change in made:
        statement = change.statement(server.dialect)
        if isinstance(statement, Rewrite):
            _rewrite(url, statement)
        else:
            server.execute(url, *statement.split("; "))
    return made


def _rewrite(url: str, change: Rewrite) -> None:
    """Make the table, which is empty, by another text."""
    with closing(connect(url)) as connection:
        rows = connection.execute(
            "SELECT type, sql FROM sqlite_master WHERE tbl_name = ? AND sql IS NOT NULL", (change.table,)
        ).fetchall()
        [text] = [" ".join(sql.split()) for kind, sql in rows if kind == "table"]
        assert text.count(change.old) == 1
        connection.execute(f"DROP TABLE {change.table}")
        for sql in (text.replace(change.old, change.new), *(sql for kind, sql in rows if kind == "index")):
            connection.execute(sql)


def add_row(url: str, model: type[Model], **values: Any) -> None:
    """Add one row, whatever its foreign keys point to where the server lets it."""
    engine = migration_engine(parse_url(url))
    with engine.begin() as connection:
        connection.execute(insert(model).values(**values))
    engine.dispose()


def add_user(url: str, username: str = "bob", role: str = "viewer") -> None:
    """Add a user, the first of which is 1."""
    add_row(url, User, username=username, email=f"{username}@example.org", name=username, role=role)


def count_rows(url: str, model: type[Model]) -> int:
    """How many rows the table of `model` has."""
    engine = migration_engine(parse_url(url))
    with engine.connect() as connection:
        rows = connection.scalar(select(func.count()).select_from(model))
    engine.dispose()
    return rows or 0
