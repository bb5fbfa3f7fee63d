"""A schema that is made or migrated by a process which ends in the middle, as a kill would end it."""

from __future__ import annotations

import os
import re
from typing import Any

import pytest
from sqlalchemy import Engine, event

from core.connection import parse_url
from core.progress import Operation
from database.adapters.schema import run
from database.migrator import migrate
from database.setup import make_schema

CODE = 9


def end_after(url: str, target: str, number: str) -> None:
    """Migrate to `target`, or for "init" make the schema, and end this process at once after `number`
    statements that change the schema."""
    left = int(number)

    def count(statement: str) -> None:
        nonlocal left
        left -= bool(re.match(r"\s*(CREATE|ALTER|DROP)", statement))
        if not left:
            os._exit(CODE)

    def run_and_count(connection: Any, *statements: str) -> None:
        for statement in statements:
            run(connection, statement)
            count(statement)

    pytest.MonkeyPatch().setattr("database.creation.run", run_and_count)
    event.listen(Engine, "after_cursor_execute", lambda _connection, _cursor, statement, *_: count(statement))
    parameters = parse_url(url)
    if target == "init":
        make_schema(Operation(), parameters, applied_by="test")
    else:
        migrate(parameters, target, applied_by="test")
