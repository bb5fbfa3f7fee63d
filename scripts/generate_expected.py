#!/usr/bin/env python3
"""Writes database/expected.py, the names a schema must have, from the models: run it after changing them."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path
from textwrap import wrap

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sqlalchemy import PrimaryKeyConstraint, Table  # noqa: E402

from models import db  # noqa: E402

TARGET = ROOT / "database" / "expected.py"
_HEAD = '''\
"""The names a schema must have, so that the health check can look for them without SQLAlchemy. Generated
from the models by scripts/generate_expected.py; a test keeps it equal to them."""

from __future__ import annotations
'''

_COLUMNS = '''\
_COLUMNS = """
{}"""
COLUMNS: frozenset[tuple[str, str]] = frozenset(
    (table, column)
    for table, *columns in (line.split() for line in _COLUMNS.strip().splitlines())
    for column in columns
)'''


def render() -> str:
    """The text of database/expected.py."""
    tables = db.metadata.sorted_tables
    constraints = [
        constraint.name
        for table in tables
        for constraint in table.constraints
        if not isinstance(constraint, PrimaryKeyConstraint)
    ]
    return "\n".join(
        [
            _HEAD,
            _names("TABLES", "str", (_text(table.name) for table in tables)),
            _columns(tables),
            _names("INDEXES", "str", (_text(index.name) for table in tables for index in table.indexes)),
            _names("CONSTRAINTS", "str", map(_text, constraints)),
        ]
    )


def _names(name: str, kind: str, items: Iterable[str]) -> str:
    lines = "".join(f"        {item},\n" for item in sorted(items))
    return f"{name}: frozenset[{kind}] = frozenset(\n    {{\n{lines}    }}\n)"


def _text(name: object) -> str:
    return f'"{name}"'


def _columns(tables: Iterable[Table]) -> str:
    """The columns in lines that begin with their table: one a line would make the file too long to read."""
    lines = "".join(f"{line}\n" for table in sorted(tables, key=str) for line in _lines(table))
    return _COLUMNS.format(lines)


def _lines(table: Table) -> list[str]:
    names = " ".join(sorted(table.columns.keys()))
    return [f"{table.name} {part}" for part in wrap(names, 90 - len(table.name))]


if __name__ == "__main__":
    TARGET.write_text(render() + "\n", encoding="utf-8")
    print(f"Wrote {TARGET.relative_to(ROOT)}.")
