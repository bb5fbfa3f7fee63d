"""The contract for backups: how a database of one kind is dumped, read through, put back and put in the place
of another. What is the same everywhere (files, manifests, levels) lies above."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import IO, ClassVar

from core.connection import ConnectionParameters
from core.errors import (
    AppError,
    ConnectionFailed,
    DatabaseMissing,
    SignInRefused,
    TlsFailed,
    ToolFailed,
    Unsupported,
)
from core.progress import Operation
from database.adapters.base import Adapter, Connection, ServerVersion, SessionInfo, TableSize
from database.manifest import Inventory, Manifest

Opening = Callable[[], AbstractContextManager[IO[bytes]]]


@dataclass(frozen=True)
class Means:
    """What a run may use: folders of client programs joined by ":" before those of PATH; the lowest versions
    of them that may restore what was made elsewhere; seconds to connect, and seconds without a byte after
    which a program counts as hung; programs or sessions at once; `scratch`, a folder on the disk of the
    backups for files of one operation, beside the database when it is empty."""

    tools_path: str = ""
    tools_floor: tuple[tuple[int, ...], ...] = ()
    connect_timeout: float = 30.0
    command_timeout: float = 600.0
    jobs: int = 2
    scratch: str = ""


@dataclass(frozen=True)
class Selection:
    """What to back up: tables and schemas, named as an inventory names them; all when both are empty."""

    tables: tuple[str, ...] = ()
    schemas: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """As a manifest keeps it."""
        return (*self.tables, *(f"{schema}.*" for schema in self.schemas))


@dataclass(frozen=True)
class Source:
    """A backup to read from: each opening gives the decoded bytes anew, as the dump wrote them. `schema` is
    the archive of the definitions alone, where there is one. What is not trusted came from outside."""

    data: Opening
    schema: Opening | None = None
    manifest: Manifest | None = None
    is_trusted: bool = True


class Snapshot(ABC):
    """A database at one moment, held still until the context that gave it ends. `is_exact`: the inventory and
    the dump see the very same rows. `size` is bytes on the server; `warnings` name what is not as it should
    be, such as tables that no snapshot covers."""

    server: ServerVersion
    tool: str
    taken_at: datetime
    is_exact: bool
    size: int | None
    revision: str
    warnings: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()

    @abstractmethod
    def dump(self, op: Operation, out: IO[bytes]) -> None:
        """Write the dump into `out`, one end of a pipe. May run in a thread beside `inventory`. Raises
        ToolError, ServerError, OperationCancelled."""

    def dump_schema(self, op: Operation, out: IO[bytes]) -> bool:
        """Write the definitions alone into `out`; False where a restore has no use for that."""
        return False

    @abstractmethod
    def inventory(self, op: Operation, *, contents: bool) -> Inventory:
        """What the snapshot holds, table by table (`op.advance` for each), hashed when `contents`."""


@dataclass(frozen=True)
class Place:
    """A database that was made for one operation: `parameters` sign in as the account that owns it and
    nothing else. `account` is that account when it was made for this alone, else ""."""

    name: str
    parameters: ConnectionParameters = field(repr=False)
    account: str = ""


@dataclass(frozen=True)
class Obstacle:
    """What stands in the way of a restore, or is worth knowing before it: one sentence, and the mend."""

    message: str
    hint: str = ""
    is_fatal: bool = True


@dataclass(frozen=True)
class Swap:
    """Three names on one server: `new` takes the place of `live`, which is kept as `kept`. The identities are
    those that `live` and `new` had before; they tell afterwards how far a swap had come."""

    live: str
    new: str
    kept: str
    live_identity: str = ""
    new_identity: str = ""


class SwapState(StrEnum):
    """How far a swap has come, as the server itself shows."""

    BEFORE = "before"
    HALF = "half"
    AFTER = "after"
    UNKNOWN = "unknown"  # neither: somebody else changed the databases


class BackupAdapter(ABC):
    """One database. `keeper` is the account on its server that may make databases, and roles where it can;
    it may be the database's own. Names are databases of that server, for SQLite paths of files."""

    suffix: ClassVar[str]  # the ending of the dump's file: "dump", "sql", "db"
    can_stop_writes: ClassVar[bool] = False
    lost_words: ClassVar[re.Pattern[str]] = re.compile("(?!)")  # what a program says that lost its server

    def __init__(self, database: ConnectionParameters, keeper: ConnectionParameters, means: Means) -> None:
        self.database = database
        self.keeper = keeper
        self.means = means

    def was_cut_off(self, error: AppError) -> bool:
        """True for an error that says that the connection was lost, or the server went down, on the way: the
        same may go well when it is begun anew."""
        if isinstance(error, ToolFailed):
            return bool(self.lost_words.search(error.said))
        never = (SignInRefused, DatabaseMissing, TlsFailed)
        return isinstance(error, ConnectionFailed) and not isinstance(error, never)

    def find_damage(self, patience: float) -> str:
        """What is seen within so many seconds that keeps the live database from being backed up; "" for
        nothing, and where a server tells only whoever reads all of it."""
        return ""

    @abstractmethod
    def snapshot(self, op: Operation, selection: Selection) -> AbstractContextManager[Snapshot]:
        """The database, held still. Raises ToolMissing or BackupIncompatible when no program here can dump
        it, NotFound for a table that is not there, DatabaseDamaged, PrivilegeMissing, ConnectionFailed."""

    @abstractmethod
    def inventory(self, op: Operation, name: str, *, contents: bool) -> Inventory:
        """What the database of that name holds now; `op.advance` for each table."""

    def table_sizes(self, server: Adapter, connection: Connection, exact_below: int) -> tuple[TableSize, ...]:
        """Every table that a backup would hold now, in a session of `server` in the database, each by the
        name that an inventory has for it; counted where the estimate is below `exact_below`."""
        return server.table_sizes(connection, exact_below)

    def newest_rows(
        self, server: Adapter, connection: Connection, tables: Sequence[str]
    ) -> dict[str, datetime]:
        """The newest moment, none to come, that an index knows of rows of each of these tables, named as an
        inventory names them. Those without an indexed column of moments are left out: a time without a zone
        is none."""
        return {}

    @abstractmethod
    def health_faults(self, op: Operation, name: str) -> tuple[str, ...]:
        """What is wrong inside the database of that name: its pages, indexes, constraints; () for nothing."""

    @abstractmethod
    def run_assertion(self, place: Place, sql: str) -> bool:
        """True when the one query `sql`, read-only, gives a first value that is true in that place. Asked as
        its account: views and functions of the database may run with the rights of whoever asks."""

    @abstractmethod
    def check_readable(self, op: Operation, source: Source) -> str:
        """Decode the whole dump without a server and say what was seen: "1,284 entries". Raises
        BackupDamaged, ToolMissing."""

    @abstractmethod
    def obstacles(self, source: Source) -> tuple[Obstacle, ...]:
        """What would stop a restore on this server: versions, extensions, roles, privileges."""

    @abstractmethod
    def create_place(self, op: Operation, name: str) -> Place:
        """A new empty database, and an account that owns it and nothing else where that can be made. Raises
        AlreadyExists, PrivilegeMissing."""

    @abstractmethod
    def load(self, op: Operation, source: Source, place: Place) -> None:
        """Restore into an empty place, as its account; advances by bytes read. Any statement that fails
        raises: ToolFailed, BackupDamaged, BackupIncompatible."""

    @abstractmethod
    def hand_over(self, op: Operation, place: Place, manifest: Manifest | None) -> tuple[str, ...]:
        """Give the place to the owners and with the grants of the manifest (or to the database's own
        account), and drop its account. Gives what could not be done, a sentence each."""

    @abstractmethod
    def drop(self, op: Operation, name: str) -> None:
        """Drop the database of that name and the account that was made for it; nothing when it is gone."""

    @abstractmethod
    def identity(self, name: str) -> str:
        """How the server tells this database from another of the same name. Raises NotFound."""

    @abstractmethod
    def swap_state(self, swap: Swap) -> SwapState:
        """How far it has come."""

    @abstractmethod
    def swap(self, op: Operation, swap: Swap) -> None:
        """Put `new` in the place of `live`, whose sessions end, and keep that; from wherever an earlier try
        left it. Raises Conflict when a database is not the one it was."""

    def writes_stopped(self, op: Operation) -> AbstractContextManager[Callable[[], None]]:
        """Whoever writes into a table of the live database waits while the block lasts, or until a swap ends
        all sessions; readers go on. What is given raises ServerError once that is not so any more. Raises
        LockTimeout where somebody does not let go, PrivilegeMissing, and Unsupported where `can_stop_writes`
        is not set."""
        raise Unsupported("Writes cannot be stopped on this kind of server.")

    def let_in(self, name: str, *, is_allowed: bool) -> bool:
        """Let accounts into the database of that name, such as one that is kept, or nobody; False where a
        server cannot shut a single database."""
        return False

    @abstractmethod
    def connected(self, name: str) -> tuple[SessionInfo, ...]:
        """Who is connected to the database of that name."""

    @abstractmethod
    def free_space(self) -> int | None:
        """Bytes free where the server keeps its data, None when that cannot be seen from here."""

    @abstractmethod
    def leftovers(self) -> tuple[str, ...]:
        """Databases on this server that were made for one operation (see `name_for`)."""


PREFIX = "bk_"
PURPOSES = ("scratch", "new")


def name_for(purpose: str, op: Operation) -> str:
    """The name of a database or an account made for one operation alone: "bk_scratch_01j...". Told by it, and
    by whether that operation still runs, what was left behind is found and removed."""
    return f"{PREFIX}{purpose}_{op.id}"


def operation_of(name: str) -> str:
    """The id of the operation that such a name was made for; "" for any other name."""
    head, _, id = name.rpartition("_")
    return id if head in {f"{PREFIX}{purpose}" for purpose in PURPOSES} and len(id) == 26 else ""
