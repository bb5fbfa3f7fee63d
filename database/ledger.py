"""The ledger of seeding as it is kept while rows come: plain statements, so that they can be part of the
transaction that brings the rows."""

from __future__ import annotations

from dataclasses import dataclass

from core.errors import LeaseLost
from database.adapters.base import Adapter, Connection, translated
from database.adapters.seeding import affected


@dataclass(frozen=True)
class Entry:
    """What the ledger says of a part: how many of its rows are `done`, in `seconds`."""

    part: int
    done: int
    seconds: float


class Ledger:
    """The table `seed_part` over a connection of its own or of the rows."""

    def __init__(self, adapter: Adapter, connection: Connection, mark: str) -> None:
        self._adapter = adapter
        self._connection = connection
        self._mark = mark

    def begin(self, part: int, first_key: int, *, again: bool) -> None:
        """Write down which keys a part has, other ones where it is begun `again`. Raises LeaseLost when
        another has begun it."""
        sql = "UPDATE seed_part SET first_key = ? WHERE id = ? AND done = 0"
        self._run(sql if again else f"{sql} AND first_key IS NULL", first_key, part)

    def keep(self, before: Entry, after: Entry) -> None:
        """Replace one entry of a part by the next. Raises LeaseLost when it is not what it was: another goes
        on with it."""
        sql = "UPDATE seed_part SET done = ?, seconds = ? WHERE id = ? AND done = ? AND removed_at IS NULL"
        self._run(sql, after.done, after.seconds, after.part, before.done)

    def _run(self, sql: str, *values: object) -> None:
        with translated(self._adapter):
            if affected(self._connection, sql.replace("?", self._mark), values) != 1:
                raise LeaseLost("Another run goes on with these rows.")
