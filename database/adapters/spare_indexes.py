"""The contract for indexes that a table can do without while many rows come."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from math import inf
from typing import ClassVar

from database.adapters.base import Adapter, Connection, fetch_all


@dataclass(frozen=True)
class SpareIndex:
    """An index: its name, such as `public.book_title` and quoted where it must be, and the statement that
    makes it."""

    name: str
    definition: str


class SpareIndexes(ABC):
    """Finds, drops and makes them on one kind of server, over a plain connection in autocommit. The driver's
    errors pass through; whoever calls has them explained."""

    most: ClassVar[float] = inf  # rows of a table for which making them again keeps nobody out for too long

    def __init__(self, adapter: Adapter) -> None:
        self.adapter = adapter

    @abstractmethod
    def find(self, connection: Connection, table: str) -> tuple[SpareIndex, ...]:
        """Those of a table that come back exactly as they were when their statements are run again, and that
        this account may drop and make."""

    @abstractmethod
    def is_there(self, connection: Connection, index: SpareIndex) -> bool:
        """True when there is an index of that name."""

    @abstractmethod
    def lost_its_ground(self, error: BaseException) -> bool:
        """True when what an index was on is gone, so that nothing can be made again."""

    def drop(self, connection: Connection, index: SpareIndex) -> None:
        """Drop one. Within a transaction."""
        fetch_all(connection, f"DROP INDEX {index.name}")

    def make(self, connection: Connection, index: SpareIndex) -> None:
        """Make one again."""
        fetch_all(connection, index.definition)
