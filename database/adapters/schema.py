"""The contract for schemas: each part of a table as the server itself prints it, so that two schemas are
compared by the text of one printer, and the steps by which a schema is changed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from database.adapters.base import Connection


class PartKind(StrEnum):
    """What a table is made of, and the table itself. A unique constraint is an index that says so."""

    TABLE = "table"
    COLUMN = "column"
    PRIMARY_KEY = "primary key"
    INDEX = "index"
    FOREIGN_KEY = "foreign key"
    CHECK = "check"


@dataclass(frozen=True)
class Part:
    """One part of a table. `definition` is all that matters of it in the server's words, such as
    "varchar(80) NOT NULL", "UNIQUE (email)" or "(user_id) REFERENCES user (id) ON DELETE CASCADE"."""

    kind: PartKind
    table: str
    name: str
    definition: str


@dataclass(frozen=True)
class Reference:
    """A foreign key `name` of `table` onto `target`."""

    table: str
    name: str
    target: str


class SchemaAdapter(ABC):
    """Reads and changes the schema on one kind of server, over a plain connection. The driver's errors pass
    through; whoever calls has them explained. Names of tables come from the models, never from outside."""

    adds_constraints: ClassVar[bool] = True  # False: a table comes with its constraints or is built anew

    @abstractmethod
    def parts(self, connection: Connection, tables: Collection[str]) -> tuple[Part, ...]:
        """Every part of those of `tables` that are there."""

    @abstractmethod
    def declared_parts(self, connection: Connection, statements: Mapping[str, str]) -> tuple[Part, ...]:
        """The parts of tables that `statements`, one CREATE TABLE a name, would make. The server makes them
        as temporary tables, which are gone on return; it is the only one that prints as it prints."""

    @abstractmethod
    def temporary_privilege(self, connection: Connection) -> str:
        """The statement that lets the connected account make temporary tables."""

    @abstractmethod
    def foreign_references(self, connection: Connection, tables: Collection[str]) -> tuple[Reference, ...]:
        """The foreign keys that other tables hold onto `tables`."""

    @abstractmethod
    def drop_tables(self, connection: Connection, tables: Sequence[str]) -> None:
        """Drop those tables, their names quoted; they may refer to each other in a circle."""

    def add_constraints(
        self, connection: Connection, additions: Sequence[str], rebuilt: Mapping[str, str]
    ) -> None:
        """Run `additions`, one ALTER TABLE a constraint; where that cannot be, build the tables anew by the
        CREATE TABLE of each name in `rebuilt`, with their rows, indexes and triggers."""
        run(connection, *additions)

    @abstractmethod
    def findings(self, connection: Connection) -> tuple[str, ...]:
        """What is wrong with the database as a whole, one sentence each."""

    @contextmanager
    def change(self, connection: Connection) -> Iterator[None]:
        """The statements inside are done together or, where the server can, not at all."""
        yield


def run(connection: Connection, *statements: str) -> None:
    """Run statements that give no rows."""
    cursor = connection.cursor()
    try:
        for statement in statements:
            cursor.execute(statement)
    finally:
        cursor.close()


def reference_text(
    columns: Sequence[str], target: str, target_columns: Sequence[str], on_delete: str, on_update: str
) -> str:
    """The definition of a foreign key. What a key does by itself, NO ACTION, is not said."""
    text = f"{column_list(columns)} REFERENCES {target} {column_list(target_columns)}"
    for event, action in (("UPDATE", on_update), ("DELETE", on_delete)):
        if action and action != "NO ACTION":
            text += f" ON {event} {action}"
    return text


def column_list(columns: Sequence[str]) -> str:
    """The columns as a definition has them: "(user_id, action)"."""
    return f"({', '.join(columns)})"


def marks(count: int, mark: str) -> str:
    """`count` placeholders for bound values, with commas."""
    return ", ".join([mark] * count)


def temporary(create_table: str) -> str:
    """The same CREATE TABLE for a temporary table."""
    return create_table.strip().replace("CREATE TABLE", "CREATE TEMPORARY TABLE", 1)
