"""A backup of some tables: the copy is cut down to them before it is dumped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from core.errors import InvalidInput, NotFound, Unsupported
from core.progress import Operation
from core.text import visible
from database.adapters.backup import Selection
from database.adapters.base import translated
from database.adapters.network import LOCK_PATIENCE
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.places import driver, opened
from database.adapters.sqlite.rewriting import write_anew

_TABLES = r"""
    SELECT name, rootpage = 0 FROM sqlite_master
    WHERE type = 'table' AND name NOT LIKE 'sqlite\_%' ESCAPE '\'
"""
_REFERENCES = 'SELECT DISTINCT "table" FROM pragma_foreign_key_list(?)'
_DEPENDENT = "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE type IN ('view', 'trigger')"


def leave_out_the_rest(op: Operation, copy: SQLiteAdapter, selection: Selection) -> tuple[str, ...]:
    """Drop all other tables from the copy, with the views and triggers that name one of them, and give a
    sentence for each of those. What was dropped is not in the file any more either. Raises NotFound,
    Unsupported, and InvalidInput where a foreign key would lead to a table that is left out."""
    if selection.schemas:
        raise Unsupported("SQLite has no schemas.", hint="Name tables.")
    with opened(copy, LOCK_PATIENCE) as connection, translated(copy), op.ending(driver(connection).interrupt):
        sqlite = driver(connection)
        sqlite.execute("PRAGMA foreign_keys = OFF")  # or a drop would delete the rows that refer to it
        sqlite.execute("PRAGMA journal_mode = DELETE")
        tables = dict(sqlite.execute(_TABLES).fetchall())
        dropped = _dropped(tables, selection)
        _check_references(sqlite, [name for name in tables if name not in dropped], dropped)
        said = tuple(_drop_dependent(copy, sqlite, dropped))
        for name in sorted(dropped, key=lambda name: not tables[name]):  # a virtual one takes others with it
            sqlite.execute(f"DROP TABLE IF EXISTS {copy.quote(name)}")
        write_anew(copy, connection)
    return said


def _dropped(tables: dict[str, bool], selection: Selection) -> set[str]:
    if missing := [name for name in selection.tables if name not in tables]:
        raise NotFound(f"There is no table {visible(missing[0])}.")
    virtual = [name for name in selection.tables if tables[name]]
    # The rows of a virtual table are in tables that begin with its name.
    behind = {name for name in tables for one in virtual if name.startswith(f"{one}_")}
    return set(tables) - set(selection.tables) - behind


def _check_references(sqlite: Any, kept: list[str], dropped: set[str]) -> None:
    gone = {name.casefold() for name in dropped}
    for name in kept:
        for (referred,) in sqlite.execute(_REFERENCES, (name,)).fetchall():
            if referred.casefold() in gone:
                raise InvalidInput(
                    f"Table {visible(name)} refers to {visible(referred)}, which is left out.",
                    hint="Name that table too.",
                )


def _drop_dependent(copy: SQLiteAdapter, sqlite: Any, dropped: set[str]) -> Iterator[str]:
    """Every view and trigger whose text has the name of such a table in it, or of such a view."""
    gone = {name.casefold() for name in dropped}
    left = sqlite.execute(_DEPENDENT).fetchall()
    while found := [one for one in left if _names(one[3]) & gone]:
        for kind, name, table, _ in found:
            sqlite.execute(f"DROP {kind} IF EXISTS {copy.quote(name)}")
            gone |= {name.casefold()} if kind == "view" else set()
            if table.casefold() not in gone:  # a trigger of a table that stays, or a view
                yield f"The {kind} {name} is left out: it names what is left out."
        left = [one for one in left if one not in found]


def _names(sql: str) -> set[str]:
    """Every word of the text, quoted or not."""
    words = re.findall(r'"(?:[^"]|"")*"|`[^`]*`|\[[^\]]*\]|\w+', sql)
    return {(word[1:-1].replace('""', '"') if word[0] in '"`[' else word).casefold() for word in words}
