"""Rows that refer to a row that is not there. A server keeps its foreign keys; a restored dump, an SQLite
file written with the keys off, or a key that was away for a while leave such rows behind."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from sqlalchemy import ForeignKeyConstraint, Integer, MetaData, Select, and_, exists, literal_column, select

from core.text import plural
from database.comparison import Fault

BOUND = 1000  # no more are counted: how many more makes no difference to what is to be done

Columns = Collection[tuple[str, str]]
Count = Callable[[Select[int]], int]


def find_orphans(metadata: MetaData, columns: Columns, count: Count) -> Iterator[Fault]:
    """A fault for each foreign key of the models with rows that point nowhere. `columns` are the (table,
    column) pairs that are there; a key on others is left out. `count` counts rows up to BOUND + 1."""
    for key in keys_there(metadata, columns):
        if rows := count(orphans_of(key)):
            yield _describe(key, rows)


def keys_there(metadata: MetaData, columns: Columns) -> tuple[ForeignKeyConstraint, ...]:
    """The foreign keys of the models both ends of which are among `columns`, table by table."""
    return tuple(
        key
        for table in metadata.sorted_tables
        for key in sorted(table.foreign_key_constraints, key=lambda key: str(key.name))
        if _is_there(key, columns)
    )


def orphans_of(key: ForeignKeyConstraint) -> Select[int]:
    """The rows whose foreign key points nowhere, as ones."""
    child, parent = key.table, key.referred_table.alias("parent")
    pairs = [(element.parent, parent.c[element.column.key]) for element in key.elements]
    matches = (
        select(literal_column("1", Integer))
        .select_from(parent)
        .where(and_(*(column == target for column, target in pairs)))
    )
    return (
        select(literal_column("1", Integer))
        .select_from(child)
        .where(*(column.is_not(None) for column, _ in pairs), ~exists(matches.correlate(child)))
    )


def row_count(rows: int) -> str:
    """ "1 row", "3 rows", "more than 1,000 rows"."""
    return plural(rows, "row") if rows <= BOUND else f"more than {plural(BOUND, 'row')}"


def _is_there(key: ForeignKeyConstraint, columns: Columns) -> bool:
    ends = [end for element in key.elements for end in (element.parent, element.column)]
    return all((end.table.name, end.name) in columns for end in ends)


def _describe(key: ForeignKeyConstraint, rows: int) -> Fault:
    verb, target = "points" if rows == 1 else "point", key.referred_table.name
    message = (
        f"{row_count(rows)} of {key.table.name} {verb} by {', '.join(key.column_keys)} "
        f"to a {target} that does not exist."
    )
    return Fault("orphans", key.table.name, str(key.name), message[0].upper() + message[1:])
