"""Small trees of migrations that tests write, and a look at what a database holds."""

from __future__ import annotations

from pathlib import Path
from textwrap import indent

from sqlalchemy import Connection, inspect

from core.connection import parse_url
from database.migrator import migration_engine
from models import db

_FILE = """
import sqlalchemy as sa
from alembic import op

revision = {id!r}
down_revision = {down!r}


def upgrade():
{upgrade}


def downgrade():
{downgrade}
"""


def make_tree(folder: Path, *bodies: tuple[str, str]) -> Path:
    """Write one migration for each (upgrade, downgrade); their ids are r1, r2 ..."""
    versions = folder / "versions"
    versions.mkdir(parents=True)
    for number, (upgrade, downgrade) in enumerate(bodies, start=1):
        text = _FILE.format(
            id=f"r{number}",
            down=f"r{number - 1}" if number > 1 else None,
            upgrade=indent(upgrade, "    "),
            downgrade=indent(downgrade, "    "),
        )
        (versions / f"r{number}_step.py").write_text(text)
    return folder


def tables(url: str) -> set[str]:
    """The names of the tables, Alembic's own left out."""
    with connected(url) as connection:
        return set(inspect(connection).get_table_names()) - {"alembic_version"}


def scalars(url: str, sql: str) -> list[object]:
    """The first column of what `sql` answers."""
    with connected(url) as connection:
        return list(connection.exec_driver_sql(sql).scalars())


def connected(url: str) -> Connection:
    """A connection of SQLAlchemy's to the database; use it in a `with`."""
    return migration_engine(parse_url(url)).connect()


def catalogue(connection: Connection) -> dict[str, list[str]]:
    """Everything the inspector knows of each of our tables, as sorted text."""
    look = inspect(connection)
    return {
        table: [
            *(f"column {column}" for column in look.get_columns(table)),
            f"primary key {look.get_pk_constraint(table)}",
            *sorted(f"index {index}" for index in look.get_indexes(table)),
            *sorted(f"unique {unique}" for unique in look.get_unique_constraints(table)),
            *sorted(f"check {check}" for check in look.get_check_constraints(table)),
            *sorted(f"foreign key {key}" for key in look.get_foreign_keys(table)),
            f"options {look.get_table_options(table)}",
        ]
        for table in sorted(db.metadata.tables)
    }
