"""Migrations against what one would type instead: `flask --app app db current`, and `flask --app app db
upgrade` over fifty small revisions."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from core.actor import Actor, Role
from core.connection import parse_url
from core.database_fields import from_url
from core.settings import load_settings
from database.revisions import LOCATION
from features.databases import add_database
from operations.runner import Runner
from scripts.benchmarks.comparison import Comparison
from scripts.benchmarks.databases import initialized
from tests.database.trees import make_tree

REVISIONS = 50
FLASK = (sys.executable, "-m", "flask", "--app", "app", "db")
_KEY = "a key for a benchmark, which is long enough"


def comparisons() -> Iterator[Comparison]:
    """On SQLite, where the database itself takes least."""
    with initialized("sqlite") as url:
        yield Comparison(
            name="migrate, nothing pending / db current",
            baseline=(*FLASK, "current"),
            command=(sys.executable, "migrate.py", "migrate"),
            limit=1.1,
            environment={"DATABASE_URL": url},
        )
        with _fifty(url) as fifty:
            yield fifty.comparison()


@dataclass(frozen=True)
class _Fifty:
    """A shop, registered at the console at `console`, with fifty revisions in `tree`."""

    console: str
    tree: Path
    file: Path

    def comparison(self) -> Comparison:
        environment = {
            "DATABASE_NETWORKS": "127.0.0.0/8",
            "CREDENTIALS_KEY": _KEY,
            "DATABASE_FOLDER": str(self.file.parent),
            "MIGRATION_DIRECTORIES": f"shop={self.tree}",
            "AUTO_INIT": "false",
        }
        shop, console = f"DATABASE_URL=sqlite:///{self.file}", f"DATABASE_URL={self.console}"
        migrate = ("migrate.py", "migrate", "--database", "shop", "--skip-backup", "--force")
        return Comparison(
            name="migrate, 50 revisions / db upgrade",
            baseline=("env", shop, *FLASK, "upgrade", "-d", str(self.tree)),
            command=("env", console, sys.executable, *migrate),
            limit=1.3,
            environment=environment,
            runs=7,
            prepare=self.clear,
        )

    def clear(self) -> None:
        """An empty shop."""
        for one in self.file.parent.glob(f"{self.file.name}*"):
            one.unlink()
        self.file.touch()


@contextmanager
def _fifty(console: str) -> Iterator[_Fifty]:
    with TemporaryDirectory() as folder:
        bodies = [
            (f'op.create_table("t{number}", sa.Column("id", sa.Integer, primary_key=True))', "pass")
            for number in range(REVISIONS)
        ]
        tree = make_tree(Path(folder) / "tree", *bodies)
        for name in ("env.py", "alembic.ini", "script.py.mako"):
            shutil.copy(LOCATION / name, tree)
        fifty = _Fifty(console, tree, Path(folder) / "shop.db")
        fifty.clear()
        _register(fifty)
        yield fifty


def _register(fifty: _Fifty) -> None:
    settings = replace(
        load_settings(),
        database=parse_url(fifty.console),
        migration_database=parse_url(fifty.console),
        database_folder=fifty.file.parent,
    )
    fields, _ = from_url("shop", "staging", f"sqlite:///{fifty.file}")
    fields = replace(fields, database_name=fifty.file.name)
    Runner(Actor("ada", Role.ADMIN, "cli"), settings).run(add_database, fields, "", created_by="ada")
