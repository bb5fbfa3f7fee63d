"""Backups of PostgreSQL: pg_dump out of a snapshot that is counted too, pg_restore into a database of its
own, and two renames at once to put that in the place of the live one."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, closing
from datetime import datetime
from typing import cast

from core.progress import Operation
from database.adapters.backup import (
    BackupAdapter,
    Obstacle,
    Place,
    Selection,
    Snapshot,
    Source,
    Swap,
    SwapState,
)
from database.adapters.base import Adapter, Connection, SessionInfo, TableSize
from database.adapters.postgresql import faults, places, swapping
from database.adapters.postgresql.adapter import PostgreSQLAdapter
from database.adapters.postgresql.archives import check_readable
from database.adapters.postgresql.backup_session import Session, maintenance_session, session_of
from database.adapters.postgresql.backup_snapshot import STILL, held_still
from database.adapters.postgresql.handing_over import hand_over
from database.adapters.postgresql.inventory import read_inventory
from database.adapters.postgresql.live_sizes import live_sizes, newest_rows
from database.adapters.postgresql.obstacles import find_obstacles
from database.adapters.postgresql.restoring import load
from database.adapters.postgresql.scope import find_scope
from database.adapters.postgresql.write_stop import writes_stopped
from database.manifest import Inventory, Manifest


class PostgreSQLBackup(BackupAdapter):
    """One PostgreSQL database."""

    suffix = "dump"
    can_stop_writes = True
    lost_words = re.compile(
        r"server closed the connection|terminating connection|no connection to the server"
        r"|could not (receive|send) data|system is (starting up|shutting down|in recovery)"
        r"|Connection refused|SSL connection has been closed"
    )

    def snapshot(self, op: Operation, selection: Selection) -> AbstractContextManager[Snapshot]:
        return held_still(op, self.database, self.means, selection)

    def inventory(self, op: Operation, name: str, *, contents: bool) -> Inventory:
        with session_of(self.keeper, self.means, op, name) as session, session.transaction(STILL):
            return read_inventory(op, session, find_scope(session, Selection()), contents=contents)

    def table_sizes(self, server: Adapter, connection: Connection, exact_below: int) -> tuple[TableSize, ...]:
        return live_sizes(Session(cast(PostgreSQLAdapter, server), connection), exact_below)

    def newest_rows(
        self, server: Adapter, connection: Connection, tables: Sequence[str]
    ) -> dict[str, datetime]:
        return newest_rows(Session(cast(PostgreSQLAdapter, server), connection), tables)

    def health_faults(self, op: Operation, name: str) -> tuple[str, ...]:
        return faults.find_faults(op, self.keeper, self.means, name)

    def run_assertion(self, place: Place, sql: str) -> bool:
        return faults.ask(self.means, place, sql)

    def check_readable(self, op: Operation, source: Source) -> str:
        return check_readable(op, source, self.means)

    def obstacles(self, source: Source) -> tuple[Obstacle, ...]:
        return find_obstacles(self.keeper, self.means, source)

    def create_place(self, op: Operation, name: str) -> Place:
        return places.create_place(op, self.keeper, self.means, name)

    def load(self, op: Operation, source: Source, place: Place) -> None:
        load(op, self.keeper, self.means, source, place)

    def hand_over(self, op: Operation, place: Place, manifest: Manifest | None) -> tuple[str, ...]:
        return hand_over(op, self.database, self.keeper, self.means, place, manifest)

    def drop(self, op: Operation, name: str) -> None:
        places.drop_place(op, self.keeper, self.means, name)

    def identity(self, name: str) -> str:
        return swapping.read_identity(self.keeper, self.means, name)

    def swap_state(self, swap: Swap) -> SwapState:
        return swapping.read_state(self.keeper, self.means, swap)

    def swap(self, op: Operation, swap: Swap) -> None:
        swapping.perform(op, self.keeper, self.means, swap)

    def writes_stopped(self, op: Operation) -> AbstractContextManager[Callable[[], None]]:
        return writes_stopped(op, self.database, self.means)

    def let_in(self, name: str, *, is_allowed: bool) -> bool:
        swapping.let_in(self.keeper, self.means, name, is_allowed=is_allowed)
        return True

    def connected(self, name: str) -> tuple[SessionInfo, ...]:
        with maintenance_session(self.keeper, self.means, beside=name) as session:
            there = session.adapter.sessions(session.connection)
        return tuple(one for one in there if one.database == name)

    def free_space(self) -> int | None:
        adapter = PostgreSQLAdapter(self.keeper)
        with closing(adapter.connect(self.means.connect_timeout)) as connection:
            folder = adapter.data_folder(connection)
        return shutil.disk_usage(folder).free if folder else None

    def leftovers(self) -> tuple[str, ...]:
        return places.leftovers(self.keeper, self.means)
