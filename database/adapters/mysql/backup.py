"""MySQL's backups: what the contract asks for, each part in a module of its own."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import datetime

from core.connection import ConnectionParameters
from core.progress import Operation
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
)
from database.adapters.base import Adapter, Connection, SessionInfo
from database.adapters.mysql.dump_text import check_dump
from database.adapters.mysql.facts import counters_of
from database.adapters.mysql.flavour import Flavour
from database.adapters.mysql.grants import grant_facts
from database.adapters.mysql.handing_over import hand_over_place
from database.adapters.mysql.health import assertion_holds, find_faults
from database.adapters.mysql.identities import identity_of
from database.adapters.mysql.inventory import read_tables, scope_of, take_inventory
from database.adapters.mysql.loading import load_dump
from database.adapters.mysql.newest import newest_rows
from database.adapters.mysql.obstacles import find_obstacles
from database.adapters.mysql.places import drop_place, leftovers_on, make_place
from database.adapters.mysql.site import Site
from database.adapters.mysql.snapshot import held_still
from database.adapters.mysql.swapping import state_of, swap_databases
from database.manifest import Inventory, Manifest


class MySQLBackup(BackupAdapter):
    """One MySQL database."""

    suffix = "sql"
    lost_words = re.compile(
        r"Lost connection|gone away|Server shutdown|Connection was killed"
        r"|Can't connect|(?i:error:?) (1053|1927|2002|2003|2006|2013)\b"
    )
    flavour = Flavour()

    def __init__(self, database: ConnectionParameters, keeper: ConnectionParameters, means: Means) -> None:
        super().__init__(database, keeper, means)
        self._site = Site(database, keeper, means, self.flavour)
        self._from_elsewhere: set[str] = set()  # places that hold what was made elsewhere

    def snapshot(self, op: Operation, selection: Selection) -> AbstractContextManager[Snapshot]:
        return held_still(op, self._site, selection)

    def inventory(self, op: Operation, name: str, *, contents: bool) -> Inventory:
        with ExitStack() as stack:
            sessions = [
                stack.enter_context(self._site.as_keeper(name=name)) for _ in range(max(1, self.means.jobs))
            ]
            scope = scope_of(read_tables(sessions[0]), counters_of(sessions[0], self.flavour))
            return take_inventory(
                op,
                tuple(sessions),
                self.flavour,
                scope,
                lambda: grant_facts(self._site, name, op),
                contents=contents,
            )

    def newest_rows(
        self, server: Adapter, connection: Connection, tables: Sequence[str]
    ) -> dict[str, datetime]:
        return newest_rows(server, connection, tables)

    def health_faults(self, op: Operation, name: str) -> tuple[str, ...]:
        return tuple(find_faults(op, self._site, name))

    def run_assertion(self, place: Place, sql: str) -> bool:
        return assertion_holds(self.means, place, sql)

    def check_readable(self, op: Operation, source: Source) -> str:
        tables = len(source.manifest.inventory.tables) if source.manifest else 0
        with source.data() as stream:
            return check_dump(op, stream, tables)

    def obstacles(self, source: Source) -> tuple[Obstacle, ...]:
        return tuple(find_obstacles(self._site, source))

    def create_place(self, op: Operation, name: str) -> Place:
        return make_place(op, self._site, name)

    def load(self, op: Operation, source: Source, place: Place) -> None:
        load_dump(op, self._site, source, place)
        if not source.is_trusted:
            self._from_elsewhere.add(place.name)

    def hand_over(self, op: Operation, place: Place, manifest: Manifest | None) -> tuple[str, ...]:
        # A manifest from elsewhere gives nothing in anybody's name.
        known = None if place.name in self._from_elsewhere else manifest
        return hand_over_place(op, self._site, place, known)

    def drop(self, op: Operation, name: str) -> None:
        drop_place(op, self._site, name)

    def identity(self, name: str) -> str:
        with self._site.as_keeper() as session:
            return identity_of(session, self.flavour, name)

    def swap_state(self, swap: Swap) -> SwapState:
        with self._site.as_keeper() as session:
            return state_of(session, self._site, swap)

    def swap(self, op: Operation, swap: Swap) -> None:
        swap_databases(op, self._site, swap)

    def connected(self, name: str) -> tuple[SessionInfo, ...]:
        with self._site.as_keeper() as session:
            there = session.adapter.sessions(session.connection)
        return tuple(one for one in there if one.database == name)

    def free_space(self) -> int | None:
        with self._site.as_keeper() as session:
            folder = session.adapter.data_folder(session.connection)
        if folder:
            with suppress(OSError):
                found = os.statvfs(folder)
                return found.f_bavail * found.f_frsize
        return None

    def leftovers(self) -> tuple[str, ...]:
        return leftovers_on(self._site)
