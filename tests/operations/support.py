"""Features to run, and the rows they leave."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import text

from core.actor import Actor, Role
from core.progress import Operation, operation
from core.settings import Settings, load_settings
from models import db
from operations.runner import Runner, in_context

ADMIN = Actor("ada", Role.ADMIN, "cli")


@operation("test.work", title="Work on {name}", target="{name}")
def work_on(op: Operation, name: str, work: Callable[[Operation], Any] = lambda op: None) -> Any:
    """Do what the test gives."""
    return work(op)


@operation("test.schema", title="Make {name}", target="{name}", makes_schema=True)
def make(op: Operation, name: str, work: Callable[[Operation], Any]) -> Any:
    """The same, for work that makes or drops the tables."""
    return work(op)


def made_schema(settings: Settings) -> None:
    """Make the tables."""
    in_context(settings, lambda: db.create_all())


def rows(settings: Settings, sql: str) -> list[tuple[Any, ...]]:
    """The rows of a question to our database, asked on a connection of its own."""

    def ask() -> list[tuple[Any, ...]]:
        with db.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql))]

    return in_context(settings, ask)


def execute(settings: Settings, *statements: str) -> None:
    """Change our database behind everybody's back."""

    def change() -> None:
        with db.engine.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    in_context(settings, change)


def work_until_killed(url: str, folder: str, name: str) -> None:
    """In a process of its own: hold `name`, make a file when it is held, and go on for a minute."""
    os.environ["DATABASE_URL"] = url
    os.chdir(folder)

    def wait(op: Operation) -> None:
        (Path(folder) / "held").touch()
        time.sleep(60)

    Runner(ADMIN, load_settings()).run(work_on, name, wait)
