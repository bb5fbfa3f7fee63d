"""Features to run, and the rows they leave."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import select, text

from core.actor import Actor, Role
from core.progress import Feature, Operation, operation
from core.settings import Settings, load_settings
from database.transactions import transaction
from models import UserLog, db
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


@operation("test.count", title="Count to {limit} on {name}", target="{name}", role=Role.OPERATOR, attempts=3)
def count_to(op: Operation, name: str, limit: int = 3, pause: float = 0.0) -> int:
    """Write one row a step unless it is there, each in a transaction of its own: begun again it makes no
    second one, and its effects can be counted."""
    op.phase("Count", total=limit, unit="step")
    for number in range(limit):
        step = {"username": name, "ip_address": str(number)}
        with transaction() as session:
            if session.scalar(select(UserLog.id).filter_by(**step)) is None:
                session.add(UserLog(action="login", **step))
        time.sleep(pause)
        op.advance()
    return limit


@operation("test.once", title="Count once on {name}", target="{name}", role=Role.OPERATOR)
def count_once(op: Operation, name: str, limit: int = 3, pause: float = 0.0) -> int:
    """The same, for what may not be begun again."""
    return count_to(op, name, limit, pause)


def feature_of(work: Callable[[Operation], None]) -> Feature[Any, Any]:
    """`count_to` with other work in it."""

    def run(op: Operation, name: str, limit: int = 3, pause: float = 0.0) -> None:
        work(op)

    return Feature(run, count_to.declaration)


CATALOGUE: dict[str, Feature[Any, Any]] = {
    feature.declaration.kind: feature for feature in (count_to, count_once)
}


def counted(settings: Settings, name: str) -> int:
    """How many steps `count_to` and `count_once` have made on `name`."""
    return int(rows(settings, f"SELECT count(*) FROM user_log WHERE username = '{name}'")[0][0])
