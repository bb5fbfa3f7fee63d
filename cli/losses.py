"""What is lost when a command destroys, counted now and said before anyone agrees to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.connection import ConnectionParameters


def with_tables_and_rows(database: ConnectionParameters) -> str:
    """The database's name with what of ours is in it: "shop with 14 tables and 755 rows"."""
    from core.text import plural
    from features.setup import our_tables

    tables = our_tables(database)
    about = "" if all(table.exact for table in tables) else "about "
    rows = plural(sum(table.rows for table in tables), "row")
    return f"{database.name} with {plural(len(tables), 'table')} and {about}{rows}"
