"""The contract every kind of database server fulfils: what the rest of the house may ask of one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any, ClassVar, Protocol

from core.connection import ConnectionParameters, Dialect
from core.errors import NotFound, ServerError, Unsupported
from database.adapters.answers import Implausible


class Capability(Enum):
    """What some servers can do and others cannot."""

    ACCOUNTS = auto()
    CREATE_DATABASE = auto()
    TRANSACTIONAL_DDL = auto()
    SESSIONS = auto()
    TLS = auto()
    ROW_LEVEL_SECURITY = auto()


class Connection(Protocol):
    """A DB-API connection in autocommit."""

    def cursor(self) -> Any: ...

    def close(self) -> None: ...


@dataclass(frozen=True)
class ServerVersion:
    """`product` is "PostgreSQL", "MySQL", "MariaDB" or "SQLite"; `text` such as "16.14"."""

    product: str
    text: str
    numbers: tuple[int, ...]

    def __str__(self) -> str:
        return f"{self.product} {self.text}"


@dataclass(frozen=True)
class TableSize:
    """One table: `rows` is an estimate unless `exact`; `size` is bytes with indexes, None when unknown."""

    name: str
    rows: int
    exact: bool
    size: int | None


@dataclass(frozen=True)
class SchemaNames:
    """The names a live schema holds, as the catalogue spells them. Columns are (table, column) pairs;
    constraints are named CHECK, UNIQUE and FOREIGN KEY ones."""

    tables: frozenset[str]
    columns: frozenset[tuple[str, str]]
    indexes: frozenset[str]
    constraints: frozenset[str]


@dataclass(frozen=True)
class SessionInfo:
    """One session on the server. `seconds` is how long its present statement or state has lasted, `address`
    where it comes from, "" where that was not asked for."""

    id: int
    user: str
    database: str
    application: str
    state: str
    seconds: float
    address: str = ""


@dataclass(frozen=True)
class ConnectionLimits:
    """How many connections the server allows, and how many are in use."""

    allowed: int
    used: int


@dataclass(frozen=True)
class TlsState:
    """Whether this connection is encrypted, and by which protocol version."""

    encrypted: bool
    version: str


@dataclass(frozen=True)
class Probe:
    """One question only this kind of server is asked (Galera state, long transactions, integrity ...).
    `status` is "healthy", "degraded" or "unhealthy"."""

    name: str
    status: str
    value: str
    hint: str = ""


class Adapter(ABC):
    """One kind of server, spoken to through its driver in autocommit. Each method that takes a connection
    raises ServerError (or a child of it) in place of the driver's errors."""

    label: ClassVar[str]
    capabilities: ClassVar[frozenset[Capability]]

    def __init__(self, parameters: ConnectionParameters) -> None:
        self.parameters = parameters

    def supports(self, capability: Capability) -> bool:
        """True when this kind of server can do that."""
        return capability in self.capabilities

    @abstractmethod
    def connect(self, timeout: float) -> Connection:
        """A new connection in autocommit, given up after `timeout` seconds. Raises ConnectionFailed,
        SignInRefused, DatabaseMissing, or ToolMissing when the driver is not installed."""

    @property
    @abstractmethod
    def maintenance(self) -> ConnectionParameters:
        """Where to connect to create, drop and list databases while this one is missing."""

    def recognised(self, connection: Connection) -> Dialect:
        """The kind of server that really answers: MariaDB where it was announced as MySQL."""
        return self.parameters.dialect

    @abstractmethod
    def prepare(self, connection: Connection) -> None:
        """Make a connection that was just opened fit for use."""

    @abstractmethod
    def driver_errors(self) -> tuple[type[Exception], ...]:
        """What the driver may raise. Raises ToolMissing when it is not installed."""

    @abstractmethod
    def explain(self, error: Exception) -> ServerError:
        """The driver's error as one of ours, with the mend (the missing GRANT, who holds the lock)."""

    def lock_holders(self, connection: Connection) -> tuple[str, ...]:
        """Who may hold what somebody waits for in vain, in words; empty where that is not told."""
        return ()

    def rows(self, connection: Connection, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """Run one statement as `fetch_all` does, its errors explained."""
        with translated(self):
            return fetch_all(connection, sql, values)

    def value(self, connection: Connection, sql: str) -> Any:
        """What a statement gives that has one row with one value. Raises Implausible for none."""
        found = self.rows(connection, sql)
        if not (found and found[0]):
            raise Implausible()
        return found[0][0]

    @abstractmethod
    def ping(self, connection: Connection) -> None:
        """Ask for a constant and see it come back."""

    @abstractmethod
    def server_version(self, connection: Connection) -> ServerVersion:
        """What answers, and its version."""

    @abstractmethod
    def quote(self, identifier: str) -> str:
        """`identifier` quoted for this dialect. Raises InvalidInput when no quoting could carry it."""

    @abstractmethod
    def list_databases(self, connection: Connection) -> tuple[str, ...]:
        """The names of the databases on the server, templates and system ones left out."""

    @abstractmethod
    def create_database(self, connection: Connection, name: str) -> None:
        """Create the database `name`, UTF-8. Raises AlreadyExists, PrivilegeMissing."""

    @abstractmethod
    def drop_database(self, connection: Connection, name: str) -> None:
        """Drop the database `name`. Raises NotFound, PrivilegeMissing."""

    @abstractmethod
    def database_size(self, connection: Connection) -> int:
        """Bytes that the connected database takes."""

    @abstractmethod
    def table_sizes(self, connection: Connection, exact_below: int = 10_000) -> tuple[TableSize, ...]:
        """Rows and bytes of every table by name; counted where the estimate is below `exact_below`."""

    @abstractmethod
    def schema_names(self, connection: Connection) -> SchemaNames:
        """The names in the connected database's schema."""

    @abstractmethod
    def revisions(self, connection: Connection) -> tuple[str, ...]:
        """What the table alembic_version holds; empty when there is none."""

    @abstractmethod
    def sessions(self, connection: Connection) -> tuple[SessionInfo, ...]:
        """Every session on the server but this one."""

    @abstractmethod
    def terminate(self, connection: Connection, session_id: int) -> None:
        """End another session. Raises NotFound when it is gone."""

    @abstractmethod
    def session_id(self, connection: Connection) -> int | None:
        """By what others' `sessions` list this one and `terminate` ends it; None where there are none."""

    def way_to_end(self, connection: Connection, timeout: float) -> Callable[[], None]:
        """What another thread calls, once or again, to end the statement that `connection` runs, and its
        session with it; it connects anew within `timeout` seconds. Where there are no sessions the statement
        alone ends. Raises ServerError."""
        session_id = self.session_id(connection)
        assert session_id is not None

        def end() -> None:
            with closing(self.connect(timeout)) as second, suppress(NotFound):
                self.terminate(second, session_id)

        return end

    @abstractmethod
    def lock_patience(self, connection: Connection, seconds: float) -> None:
        """From now on this connection waits at most `seconds` for a lock, then raises LockTimeout."""

    @abstractmethod
    def answer_patience(self, connection: Connection, seconds: float | None) -> None:
        """From now on give a server up that says nothing for `seconds`, however healthy its machine looks;
        the connection is lost with it. None waits for ever."""

    @abstractmethod
    def silence_limit(self, connection: Connection, seconds: float) -> None:
        """From now on the server ends this session when it says nothing for `seconds` in the middle of a
        transaction. Where a server knows no such limit, nothing changes."""

    @abstractmethod
    def statement_timeout(self, connection: Connection, seconds: float) -> None:
        """From now on a statement on this connection ends after `seconds`; 0 takes the limit away."""

    @abstractmethod
    @contextmanager
    def native_lock(self, connection: Connection, name: str, patience: float) -> Iterator[None]:
        """Hold the server's own lock `name` of the connected database, which ends with the connection.
        Waits at most `patience` seconds. Raises TargetBusy naming the session that holds it."""
        yield

    def finds_parts(self, connection: Connection, table: str) -> bool:
        """True where an index finds parts of the texts of `table`, made by `index_parts`."""
        return False

    def index_parts(self, connection: Connection, table: str, columns: Sequence[str]) -> None:
        """Make an index that finds parts of those texts, while others write. Raises Unsupported."""
        raise Unsupported(f"{self.label} finds the beginnings of texts, and no parts of them.")

    @abstractmethod
    def connection_limits(self, connection: Connection) -> ConnectionLimits | None:
        """None where there is no such limit."""

    @abstractmethod
    def tls_state(self, connection: Connection) -> TlsState | None:
        """None where no network is crossed."""

    @abstractmethod
    def data_folder(self, connection: Connection) -> str | None:
        """The folder that holds the data, when it is on this machine and can be seen; else None."""

    @abstractmethod
    def probes(self, connection: Connection) -> tuple[Probe, ...]:
        """What else to look at on this kind of server."""


@contextmanager
def translated(adapter: Adapter) -> Iterator[None]:
    """Raise the driver's errors as ours, the driver's kept as the cause."""
    try:
        yield
    except adapter.driver_errors() as error:
        raise adapter.explain(error) from error


def fetch_all(connection: Connection, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Run one statement with bound `values` and give its rows ([] when it has none)."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql, tuple(values)) if values else cursor.execute(sql)
        return [tuple(row) for row in cursor.fetchall()] if cursor.description else []
    finally:
        cursor.close()
