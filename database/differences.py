"""What Alembic finds different between a live schema and the models, put into words."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def describe_differences(differences: Iterable[Any]) -> tuple[str, ...]:
    """Alembic's nested tuples as lines: "add index ix_user_email on user"."""
    return tuple(
        line
        for difference in differences
        for line in (
            describe_differences(difference) if isinstance(difference, list) else [_describe(difference)]
        )
    )


def _describe(difference: tuple[Any, ...]) -> str:
    kind, *parts = difference
    words = str(kind).replace("_", " ")
    if kind.startswith("modify"):
        _schema, table, column, _existing, old, new = parts
        return f"{words} of {table}.{column}: {old} to {new}"
    if kind.endswith("_column"):
        _schema, table, column = parts
        return f"{words} {table}.{column.name}"
    thing = parts[0]
    table = getattr(thing, "table", None)
    return f"{words} {thing.name}" + (f" on {table.name}" if table is not None else "")
