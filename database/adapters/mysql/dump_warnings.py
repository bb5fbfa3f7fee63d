"""What of a database a dump cannot carry as it is, said before anybody trusts the backup with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from core.text import visible
from database.adapters.mysql.backup_session import Session
from database.adapters.mysql.grants import are_readable
from database.adapters.mysql.inventory import Table
from database.adapters.mysql.site import Site

_FLOATS = """
    SELECT c.table_name, c.column_name FROM information_schema.columns c
    JOIN information_schema.tables t ON t.table_schema = c.table_schema AND t.table_name = c.table_name
    WHERE c.table_schema = database() AND c.data_type = 'float' AND t.table_type <> 'VIEW' ORDER BY 1, 2
"""
_KEYS_ELSEWHERE = """
    SELECT DISTINCT table_name, constraint_name, referenced_table_schema
    FROM information_schema.key_column_usage
    WHERE table_schema = database() AND referenced_table_schema <> database() ORDER BY 1, 2
"""
_NAMED = 5


def warnings_of(
    session: Session, site: Site, tables: tuple[Table, ...], views: dict[str, str]
) -> tuple[str, ...]:
    """A sentence for each; of the `views` those count with which something is wrong."""
    chosen = {one.name for one in tables}
    floats = [f"{table}.{name}" for table, name in session.rows(_FLOATS) if table in chosen]
    return (
        *(
            f"The table {one.name} is {one.engine}, not InnoDB: no snapshot covers it."
            for one in tables
            if not one.is_in_snapshot
        ),
        *(
            f"The history of the system-versioned table {one.name} is not in the backup."
            for one in tables
            if one.is_versioned
        ),
        *(
            f"The view {visible(name)} is broken, and not in the backup: {fault}"
            for name, fault in views.items()
            if fault
        ),
        *_key_warnings(session, chosen),
        *_float_warning(floats),
        *_grants_warning(site),
    )


def _key_warnings(session: Session, chosen: Collection[str]) -> Iterator[str]:
    for table, name, other in session.rows(_KEYS_ELSEWHERE):
        if table in chosen:
            yield (
                f"The foreign key {visible(name)} of {visible(table)} leads into {visible(other)}, another"
                " database: drop it before you need the backup, for a restore reaches no other and fails."
            )


def _float_warning(columns: list[str]) -> Iterator[str]:
    if columns:
        more = ", ..." if len(columns) > _NAMED else ""
        yield f"The server writes 6 digits of a FLOAT: {', '.join(columns[:_NAMED])}{more}."


def _grants_warning(site: Site) -> Iterator[str]:
    with site.as_keeper() as session:
        if not are_readable(session):
            yield f"The grants are not in the backup: {session.adapter.account} may not read them."
