"""Whether values satisfy a check, as the server itself judges: nobody else reads SQL as it does."""

from __future__ import annotations

from collections.abc import Sequence

from core.errors import AppError
from database.adapters.base import Connection, fetch_all, translated
from database.adapters.seeding import SeedingAdapter
from database.table_shapes import Column

_PATIENCE = 2.0  # seconds: whoever made the table may have written a check that never ends


def satisfies(
    seeding: SeedingAdapter,
    connection: Connection,
    table: str,
    check: str,
    columns: Sequence[Column],
    values: Sequence[object],
) -> bool:
    """True when a row with those values in those columns passes. The check is the server's own text of the
    table's constraint, the values are bound."""
    quote = seeding.adapter.quote
    given = ", ".join(f"{seeding.typed_mark(one.type)} AS {quote(one.name)}" for one in columns)
    literal = check.replace("%", "%%") if seeding.mark == "%s" else check
    sql = f"SELECT count(*) FROM (SELECT {given}) AS {quote(table)} WHERE NOT ({literal})"
    seeding.adapter.statement_timeout(connection, _PATIENCE)
    try:
        with translated(seeding.adapter):
            return bool(fetch_all(connection, sql, tuple(values))[0][0] == 0)
    except AppError:
        return False
    finally:
        seeding.adapter.statement_timeout(connection, 0)
