"""An open connection to a database with what is needed to compare and change its schema."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import Select, func, make_url, select
from sqlalchemy.engine.interfaces import Dialect as Compiler
from sqlalchemy.schema import ExecutableDDLElement

from core.connection import ConnectionParameters
from core.errors import PrivilegeMissing
from core.progress import Operation
from database.adapters.base import Adapter, Connection, translated
from database.adapters.schema import Part, SchemaAdapter
from database.adapters.schema_adapters import schema_adapter_for
from database.comparison import Difference, create_statements, find_differences
from database.orphans import BOUND
from database.sessions import cancellable
from database.url import driver_url
from models import db

CONNECT_TIMEOUT = 30.0
LOCK_TIMEOUT = 5.0  # as for migrations: DDL waits for ever by default, or for a day


@dataclass(frozen=True)
class OpenSchema:
    """`compiler` writes the models' statements in the words of this server."""

    adapter: Adapter
    connection: Connection
    server: SchemaAdapter
    compiler: Compiler

    def parts(self) -> tuple[Part, ...]:
        """Every part of our tables that is there. Raises ServerError."""
        with translated(self.adapter):
            return self.server.parts(self.connection, list(db.metadata.tables))

    def differences(self, live: tuple[Part, ...] | None = None) -> tuple[Difference, ...]:
        """How the live schema, read before or now, differs from the models. Raises PrivilegeMissing when the
        account may not make temporary tables, ServerError."""
        live = self.parts() if live is None else live
        return find_differences(db.metadata, self._declared_parts(), live)

    def count(self, rows: Select[int]) -> int:
        """How many rows there are, up to BOUND + 1."""
        bounded = select(func.count()).select_from(rows.limit(BOUND + 1).subquery("found"))
        text = bounded.compile(dialect=self.compiler, compile_kwargs={"literal_binds": True})
        [(number,)] = self.adapter.rows(self.connection, str(text))
        return int(number)

    def text(self, statement: ExecutableDDLElement) -> str:
        """The statement as this server reads it."""
        return str(statement.compile(dialect=self.compiler)).strip()

    def _declared_parts(self) -> tuple[Part, ...]:
        statements = create_statements(db.metadata, self.compiler)
        try:
            with translated(self.adapter):
                return self.server.declared_parts(self.connection, statements)
        except PrivilegeMissing as error:
            raise PrivilegeMissing(
                "The schema is compared by way of temporary tables, which this account may not make.",
                hint=f"Run: {self.server.temporary_privilege(self.connection)}",
            ) from error


@contextmanager
def open_schema(parameters: ConnectionParameters, op: Operation | None = None) -> Iterator[OpenSchema]:
    """Connect for the length of a block; locks are waited for LOCK_TIMEOUT seconds. A cancel of `op` ends the
    statement that runs. Raises ConnectionFailed and its children."""
    with cancellable(op or Operation(), parameters, CONNECT_TIMEOUT) as (adapter, connection):
        adapter.lock_patience(connection, LOCK_TIMEOUT)
        compiler = compiler_like(make_url(driver_url(parameters)).get_dialect())
        yield OpenSchema(adapter, connection, schema_adapter_for(parameters.dialect), compiler)


def compiler_like(kind: Callable[..., Compiler]) -> Compiler:
    """A compiler whose statements carry every value in themselves: a % in them is one %."""
    return kind(paramstyle="named")
