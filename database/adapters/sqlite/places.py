"""Where the files of a backup and a restore lie, and how they are opened: beside the live database, and in
the scratch folder that the settings name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from glob import escape
from pathlib import Path
from typing import TYPE_CHECKING, cast

from core.connection import ConnectionParameters
from core.errors import InvalidInput, NotFound
from core.text import visible
from database.adapters.backup import PREFIX, PURPOSES, operation_of
from database.adapters.base import Connection, translated
from database.adapters.network import check_identifier
from database.adapters.sqlite.adapter import SQLiteAdapter
from database.adapters.sqlite.files import COMPANIONS
from database.adapters.sqlite.foreign import distrust, limited_trust

if TYPE_CHECKING:
    import sqlite3

ENDING = ".db"
ANEW = "-anew"  # ends the name of what a file is written into before that takes its place
_SCRATCH = f"{PREFIX}scratch_"


@dataclass(frozen=True)
class Places:
    """The folder of the live database and the scratch folder. A name is a path, or alone the name of a file
    in one of the two."""

    database: ConnectionParameters
    scratch: Path

    @property
    def live(self) -> Path:
        """The live file. Links are followed, as SQLite follows them."""
        return Path(self.database.database).resolve()

    def path(self, name: str) -> Path:
        """The file of that name. Raises InvalidInput for one that lies anywhere else: a file is never made
        or opened in a folder of somebody's choice (TRUST section 1.2)."""
        if check_identifier(name) == self.database.database:
            return self.live
        folder = self.scratch if name.startswith(_SCRATCH) else self.live.parent
        path = Path(name) if "/" in name else folder / name
        if path.suffix == "" or operation_of(name):
            path = path.with_name(f"{path.name}{ENDING}")
        if path.parent.resolve() not in (self.live.parent, self.scratch.resolve()):
            raise InvalidInput(
                f"{visible(name)} is not a file beside {self.live.name}.",
                hint="Give the name of the file alone, such as shop-restored.db.",
            )
        return path.parent.resolve() / path.name

    def adapter(self, path: Path) -> SQLiteAdapter:
        """The adapter of one of the files. What was registered stays distrusted wherever it lies."""
        allowed = self.database.allowed
        if allowed is not None and path.parent == self.scratch.resolve():
            allowed = (str(self.scratch),)
        return SQLiteAdapter(replace(self.database, database=str(path), allowed=allowed))

    def make_scratch(self) -> None:
        """Make the scratch folder, for us alone. Raises OSError."""
        self.scratch.mkdir(mode=0o700, parents=True, exist_ok=True)

    def leftovers(self) -> tuple[str, ...]:
        """The names, without their endings, of files that were made for one operation."""
        patterns = [f"{PREFIX}{purpose}_*" for purpose in PURPOSES]
        folders = {self.live.parent, self.scratch.resolve()}
        stems = (
            path.name.split(".")[0] for folder in folders for one in patterns for path in folder.glob(one)
        )
        return tuple(sorted({stem for stem in stems if operation_of(stem)}))

    def identity(self, path: Path) -> str:
        """The number of the file: another file that takes its place has another. Raises NotFound."""
        try:
            found = path.stat()
        except OSError as error:
            raise NotFound(f"There is no database file {visible(str(path))}.") from error
        return f"file {found.st_dev}-{found.st_ino}"


def remove_own(path: Path) -> None:
    """Remove a file that was made for one operation, whatever is in it, its companions and its locks; nothing
    when it is gone. Raises OSError."""
    for ending in ("", ANEW, *COMPANIONS):
        path.with_name(path.name + ending).unlink(missing_ok=True)
    for lock in path.parent.glob(f"{escape(path.name)}.*lock"):
        lock.unlink(missing_ok=True)


def copy_of(path: Path) -> Path:
    """The file that a copy lies in that was made for the same operation as the one at `path`."""
    return path.with_name(f"{path.name.removesuffix(ENDING)}.copy{ENDING}")


@contextmanager
def opened(adapter: SQLiteAdapter, timeout: float) -> Iterator[Connection]:
    """A connection to the adapter's file that waits so many seconds for a lock, closed at the end. Raises
    ConnectionFailed and its kin."""
    connection = adapter.connect(timeout)
    try:
        adapter.lock_patience(connection, timeout)
        # What was restored from elsewhere may lie beside the console's own, too.
        adapter.rows(connection, limited_trust())
        yield connection
    finally:
        connection.close()


@contextmanager
def opened_still(adapter: SQLiteAdapter) -> Iterator[Connection]:
    """A connection to a file of ours that nobody writes to: no lock, and no file beside it."""
    import sqlite3

    address = f"{Path(adapter.parameters.database).as_uri()}?mode=ro&immutable=1"
    with translated(adapter):
        connection = sqlite3.connect(address, isolation_level=None, check_same_thread=False, uri=True)
        try:
            distrust(connection)
            yield cast(Connection, connection)
        finally:
            connection.close()


def driver(connection: Connection) -> sqlite3.Connection:
    """What the connection really is."""
    return cast("sqlite3.Connection", connection)
