"""What may stand in the way of restoring an SQLite file here."""

from __future__ import annotations

import re
from collections.abc import Iterator

from core.connection import ConnectionParameters, Dialect
from database.adapters.backup import Obstacle
from database.adapters.network import LOCK_PATIENCE
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.places import opened
from database.manifest import FactKind, Manifest

_MODULE = re.compile(r"CREATE\s+VIRTUAL\s+TABLE\s.*?\sUSING\s+(\w+)", re.IGNORECASE | re.DOTALL)


def obstacles_to(manifest: Manifest | None) -> tuple[Obstacle, ...]:
    """None of them is fatal: a file of SQLite is read by every release of it, but for what newer ones
    added."""
    return tuple(_obstacles(manifest)) if manifest else ()


def _obstacles(manifest: Manifest) -> Iterator[Obstacle]:
    memory = SQLiteAdapter(ConnectionParameters(Dialect.SQLITE, ":memory:"))
    with opened(memory, LOCK_PATIENCE) as connection:
        version = memory.server_version(connection)
        there = {
            str(name).lower() for (name,) in memory.rows(connection, "SELECT name FROM pragma_module_list")
        }
    if manifest.server_numbers[:2] > version.numbers[:2]:
        yield Obstacle(
            f"It was made by {manifest.server}; here is {version}.",
            "Tables or indexes that use what was added since cannot be read here.",
            is_fatal=False,
        )
    for name, sql in manifest.inventory.of(FactKind.VIEW).items():
        module = _MODULE.match(sql)
        if module and module[1].lower() not in there:
            yield Obstacle(
                f"Table {name} needs the module {module[1]}, which is not here.",
                "It is restored, and read where that module is.",
                is_fatal=False,
            )
