"""The indexes of tables dropped while many rows come, and made again afterwards."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from core.connection import ConnectionParameters
from core.errors import LockTimeout, ServerError
from database.adapters import closing_connection
from database.adapters.base import Connection, translated
from database.adapters.seeding import SeedingAdapter
from database.adapters.seeding_adapters import seeding_adapter_for
from database.adapters.spare_indexes import SpareIndex, SpareIndexes

__all__ = ["IndexKeeper", "SpareIndex", "open_index_keeper"]

_TIMEOUT = 30.0  # seconds to connect
_PATIENCE = 10.0  # for whoever drops or makes some at the same time
_DROP, _MAKE = 2.0, 30.0  # seconds to wait for those who use the table: they stand in line behind it


class IndexKeeper:
    """A connection of its own to a database."""

    def __init__(self, seeding: SeedingAdapter, connection: Connection) -> None:
        self._seeding = seeding
        self._spare = seeding.spare_indexes()
        self._connection = connection

    def find(self, table: str, rows: int) -> tuple[SpareIndex, ...]:
        """The indexes that a table can do without while so many rows come. Raises ServerError."""
        if self._spare is None or rows > self._spare.most:
            return ()
        with translated(self._spare.adapter):
            return self._spare.find(self._connection, table)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Meanwhile nobody else drops or makes any: what is dropped is in the ledger, and what was taken off
        that is there. Raises TargetBusy."""
        if self._spare is None:
            yield
            return
        with self._spare.adapter.native_lock(self._connection, "spare indexes", _PATIENCE):
            yield

    def drop(self, indexes: Sequence[SpareIndex]) -> bool:
        """Drop them, all or none: False when somebody uses the table. Raises ServerError."""
        spare, connection = self._known(), self._connection
        spare.adapter.lock_patience(connection, _DROP)
        try:
            with translated(spare.adapter), self._seeding.transaction(connection):
                for index in indexes:
                    spare.drop(connection, index)
        except LockTimeout:
            return False
        return True

    def make(self, index: SpareIndex) -> bool:
        """Make one again that is not there; False when what it was on is gone. Raises ServerError."""
        spare, connection = self._known(), self._connection
        spare.adapter.lock_patience(connection, _MAKE)
        try:
            with translated(spare.adapter):
                if not spare.is_there(connection, index):
                    spare.make(connection, index)
        except ServerError as error:
            if error.__cause__ is None or not spare.lost_its_ground(error.__cause__):
                raise
            return False
        return True

    def _known(self) -> SpareIndexes:
        assert self._spare is not None  # nothing was found otherwise
        return self._spare


@contextmanager
def open_index_keeper(database: ConnectionParameters) -> Iterator[IndexKeeper]:
    """Whoever looks after the indexes of a database. Raises ConnectionFailed and its kin."""
    with closing_connection(database, _TIMEOUT) as (adapter, connection):
        yield IndexKeeper(seeding_adapter_for(adapter.recognised(connection), adapter), connection)
