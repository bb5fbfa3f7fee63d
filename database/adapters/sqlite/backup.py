"""Backups of SQLite: the dump is a copy of the file, and a restore puts its pages into the live one."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from core.connection import ConnectionParameters
from core.errors import AppError, Conflict, DatabaseDamaged, ServerError, ServerTimeout
from core.progress import Operation
from core.text import visible
from database.adapters.backup import (
    BackupAdapter,
    Means,
    Obstacle,
    Place,
    Selection,
    Snapshot,
    Source,
    Swap,
    SwapState,
    operation_of,
)
from database.adapters.base import SessionInfo
from database.adapters.sqlite import swapping
from database.adapters.sqlite.assertions import ask
from database.adapters.sqlite.errors import explain_file, is_damage
from database.adapters.sqlite.faults import faults_of
from database.adapters.sqlite.files import make_file, remove_file
from database.adapters.sqlite.inventory import read_inventory
from database.adapters.sqlite.loading import read_through, write_file
from database.adapters.sqlite.obstacles import obstacles_to
from database.adapters.sqlite.places import Places, copy_of, driver, opened, remove_own
from database.adapters.sqlite.snapshot import taken
from database.manifest import Inventory, Manifest


class SQLiteBackup(BackupAdapter):
    """One SQLite file. Names are paths, or alone the names of files beside it; see `Places`."""

    suffix = "db"

    def __init__(self, database: ConnectionParameters, keeper: ConnectionParameters, means: Means) -> None:
        super().__init__(database, keeper, means)
        live = Path(database.database).resolve()
        self._places = Places(database, Path(means.scratch) if means.scratch else live.parent)

    def was_cut_off(self, error: AppError) -> bool:
        """There is no connection that could be lost."""
        return False

    @contextmanager
    def snapshot(self, op: Operation, selection: Selection) -> Iterator[Snapshot]:
        try:
            with taken(op, self._places, selection, self.means.connect_timeout) as snapshot:
                yield snapshot
        except ServerError as error:
            raise (_damaged(error) if is_damage(error) else error) from error.__cause__

    def find_damage(self, patience: float) -> str:
        live = self._places.adapter(self._places.live)
        try:
            with opened(live, self.means.connect_timeout) as connection:
                live.statement_timeout(connection, patience)
                said = str(live.value(connection, "PRAGMA quick_check(1)"))
        except ServerTimeout:
            return ""
        except ServerError as error:
            if is_damage(error):
                return error.message
            raise
        return "" if said == "ok" else visible(said)

    def inventory(self, op: Operation, name: str, *, contents: bool) -> Inventory:
        adapter = self._places.adapter(self._places.path(name))
        with opened(adapter, self.means.connect_timeout) as connection:
            return read_inventory(op, adapter, connection, contents=contents)

    def health_faults(self, op: Operation, name: str) -> tuple[str, ...]:
        adapter = self._places.adapter(self._places.path(name))
        with (
            opened(adapter, self.means.connect_timeout) as connection,
            op.ending(driver(connection).interrupt),
        ):
            return faults_of(adapter, connection)

    def run_assertion(self, place: Place, sql: str) -> bool:
        adapter = self._places.adapter(self._places.path(place.name))
        return ask(adapter, sql, self.means.connect_timeout, self.means.command_timeout)

    def check_readable(self, op: Operation, source: Source) -> str:
        return read_through(op, source)

    def obstacles(self, source: Source) -> tuple[Obstacle, ...]:
        return obstacles_to(source.manifest)

    def create_place(self, op: Operation, name: str) -> Place:
        path = self._places.path(name)
        try:
            make_file(path)
        except OSError as error:
            raise explain_file(self._places.adapter(path).parameters, error) from error
        return Place(str(path), self._places.adapter(path).parameters)

    def load(self, op: Operation, source: Source, place: Place) -> None:
        write_file(op, source, self._places.adapter(self._places.path(place.name)))

    def hand_over(self, op: Operation, place: Place, manifest: Manifest | None) -> tuple[str, ...]:
        """There are no accounts: the file is ours."""
        return ()

    def drop(self, op: Operation, name: str) -> None:
        path = self._places.path(name)
        copy = copy_of(path)
        if copy.exists() and self._is_half_swapped(path):
            raise Conflict(f"{visible(copy.name)} holds what was replaced: the swap is not over yet.")
        try:
            remove_own(copy)
            if operation_of(path.name.partition(".")[0]):
                remove_own(path)
            elif path.exists():
                remove_file(path, is_known=True)  # by its number, which whoever asks for this has looked at
        except OSError as error:
            raise explain_file(self._places.adapter(path).parameters, error) from error

    def _is_half_swapped(self, path: Path) -> bool:
        is_there = self._places.live.exists() and path.parent == self._places.live.parent
        return is_there and swapping.has_mark(self._places, path, self.means.connect_timeout)

    def identity(self, name: str) -> str:
        return self._places.identity(self._places.path(name))

    def swap_state(self, swap: Swap) -> SwapState:
        return swapping.state_of(self._places, swap, self.means.connect_timeout)

    def swap(self, op: Operation, swap: Swap) -> None:
        swapping.perform(op, self._places, swap, self.means.connect_timeout)

    def connected(self, name: str) -> tuple[SessionInfo, ...]:
        """SQLite keeps no list of who has the file open, and nobody has to close it."""
        return ()

    def free_space(self) -> int | None:
        with suppress(OSError):
            return shutil.disk_usage(self._places.live.parent).free
        return None

    def leftovers(self) -> tuple[str, ...]:
        return self._places.leftovers()


def _damaged(error: ServerError) -> DatabaseDamaged:
    return DatabaseDamaged(error.message, hint=error.hint)
