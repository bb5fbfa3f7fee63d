"""A library of two tables on each kind of server, and a tree of twelve migrations over them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core.connection import parse_url
from core.settings import Settings
from database.context import application_context
from database.schema_lock import schema_lock
from features.migration_performing import MigrationReport
from features.migration_plans import MigrationPreview, plan_migration
from features.migrations import apply_migrations
from operations.runner import Runner
from tests.database.trees import make_tree, scalars, tables
from tests.features.restoring import ADMIN, registered, run
from tests.servers import Server

LARGE = 200_000
_FIRST = 3125  # rows that are written; the others are made of them, twice as many each time
_TABLES = (
    "CREATE TABLE title (id integer PRIMARY KEY, name varchar(80), copies integer NOT NULL)",
    "CREATE TABLE loan (id integer PRIMARY KEY, title_id integer NOT NULL, days integer NOT NULL)",
)
_MORE = 'op.execute("UPDATE {0} SET {1} = {1} + 1")'
_FEWER = 'op.execute("UPDATE {0} SET {1} = {1} - 1")'
_KEY = '"fk_title", "title", ["title_id"], ["id"]'
# What counts one up says afterwards how often it was done.
TREE = (
    ('op.add_column("title", sa.Column("isbn", sa.String(13)))', 'op.drop_column("title", "isbn")'),
    (_MORE.format("title", "copies"), _FEWER.format("title", "copies")),
    ('op.create_index("ix_copies", "title", ["copies"])', 'op.drop_index("ix_copies", "title")'),
    (
        'op.create_table("reader", sa.Column("id", sa.Integer, primary_key=True),'
        ' sa.Column("name", sa.String(40)))\n'
        "op.execute(\"INSERT INTO reader (id, name) SELECT id, 'Reader' FROM loan WHERE id <= 1000\")",
        'op.drop_table("reader")',
    ),
    (
        'op.add_column("loan", sa.Column("state", sa.String(20), server_default="out", nullable=False))\n'
        + _MORE.format("loan", "days"),
        _FEWER.format("loan", "days") + '\nop.drop_column("loan", "state")',
    ),
    (
        'with op.batch_alter_table("title") as batch:\n'
        '    batch.alter_column("name", existing_type=sa.String(80), type_=sa.String(400))',
        "pass",
    ),
    (
        f'with op.batch_alter_table("loan") as batch:\n    batch.create_foreign_key({_KEY})',
        'with op.batch_alter_table("loan") as batch:\n'
        '    batch.drop_constraint("fk_title", type_="foreignkey")',
    ),
    (
        'with op.batch_alter_table("loan") as batch:\n'
        '    batch.alter_column("days", existing_type=sa.Integer, existing_nullable=False,'
        ' new_column_name="length")',
        'with op.batch_alter_table("loan") as batch:\n'
        '    batch.alter_column("length", existing_type=sa.Integer, existing_nullable=False,'
        ' new_column_name="days")',
    ),
    (
        _MORE.format("loan", "length") + '\nop.create_index("ix_length", "loan", ["length"])',
        'op.drop_index("ix_length", "loan")\n' + _FEWER.format("loan", "length"),
    ),
    (
        'op.drop_index("ix_copies", "title")\n'
        + _MORE.format("title", "copies")
        + '\nop.create_index("ix_copies_name", "title", ["copies", "isbn"])',
        'op.drop_index("ix_copies_name", "title")\n'
        + _FEWER.format("title", "copies")
        + '\nop.create_index("ix_copies", "title", ["copies"])',
    ),
    ('op.drop_table("reader")', 'op.create_table("reader", sa.Column("id", sa.Integer, primary_key=True))'),
    (
        _MORE.format("loan", "length") + '\nop.add_column("loan", sa.Column("note", sa.String(200)))',
        'op.drop_column("loan", "note")\n' + _FEWER.format("loan", "length"),
    ),
)


@dataclass(frozen=True)
class Library:
    """A registered library with its tree."""

    settings: Settings
    server: Server
    url: str
    folder: Path

    def plan(self, target: str = "head") -> MigrationPreview:
        with application_context(self.settings):
            return plan_migration(target, "shop")

    def words(self, preview: MigrationPreview, **more: Any) -> dict[str, Any]:
        return {"applied_by": "ada", "plan_hash": preview.plan.hash, "skip_backup": True, **more}

    def go(self, target: str = "head", **more: Any) -> MigrationReport:
        return self.go_by(self.plan(target), **more)

    def go_by(self, preview: MigrationPreview, **more: Any) -> MigrationReport:
        words = self.words(preview, **more)
        report: MigrationReport = run(self.settings, apply_migrations, "shop", preview.plan.target, **words)
        return report

    def submit(self, **more: Any) -> str:
        preview = self.plan()
        words = self.words(preview, **more)
        return Runner(ADMIN, self.settings).submit(apply_migrations, "shop", preview.plan.target, **words)

    def revision(self) -> str:
        return str(scalars(self.url, "SELECT version_num FROM alembic_version")[0])

    def is_free(self) -> bool:
        """Nobody holds the schema."""
        with schema_lock(parse_url(self.url), 10.0):
            return True

    def is_untouched(self) -> bool:
        return tables(self.url) == {"title", "loan"} and set(self.values("title", "copies")) == {0}

    def is_done(self) -> bool:
        """Every migration was done, and once."""
        counted = (set(self.values("title", "copies")), set(self.values("loan", "length")))
        return (self.revision(), counted, tables(self.url)) == ("r12", ({2}, {3}), {"title", "loan"})

    def values(self, table: str, column: str) -> list[object]:
        return scalars(self.url, f"SELECT DISTINCT {column} FROM {table}")


def open_library(settings: Settings, server: Server, url: str, folder: Path, rows: int) -> Library:
    """Fill the empty database at `url`, register it as the shop, and write its tree."""
    titles = ", ".join(f"({number}, 'Title {number}', 0)" for number in range(1, _FIRST + 1))
    loans = ", ".join(f"({number}, {number}, 0)" for number in range(1, _FIRST + 1))
    server.execute(url, *_TABLES, f"INSERT INTO title VALUES {titles}", f"INSERT INTO loan VALUES {loans}")
    there = _FIRST
    while there < rows:
        server.execute(
            url,
            f"INSERT INTO title SELECT id + {there}, name, copies FROM title",
            f"INSERT INTO loan SELECT id + {there}, title_id + {there}, days FROM loan",
        )
        there *= 2
    settings = registered(settings, url)
    tree = make_tree(folder / "library", *TREE)
    return Library(replace(settings, migration_directories=(("shop", tree),)), server, url, tree)
