"""How many rows our tables hold, as far as that is known without counting them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core.settings import Settings
from core.text import about
from database.adapters import closing_connection

_TIMEOUT = 3.0


@dataclass(frozen=True)
class RowCount:
    """`rows` is what the server reckons unless it is `exact`; as text "1,234" or "about 10.0 M"."""

    rows: int
    exact: bool

    def __str__(self) -> str:
        return about(self.rows, exact=self.exact)


def read_row_counts(settings: Settings) -> Mapping[str, RowCount]:
    """The count of each table by its name. Raises ConnectionFailed and its kin."""
    with closing_connection(settings.database, _TIMEOUT) as (adapter, connection):
        sizes = adapter.table_sizes(connection)
    return {one.name: RowCount(one.rows, one.exact) for one in sizes}
