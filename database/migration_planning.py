"""Makes the plan of a migration: looks at the database and the files, and changes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from core.clock import utc_now
from core.connection import ConnectionParameters
from core.errors import ServerError
from database.adapters import adapter_for, closing_connection
from database.adapters.base import Adapter, Capability, Connection, TableSize
from database.adapters.migrating import BIG, Change, ChangeKind, Finding, MigrationAdapter
from database.adapters.migration_adapters import migration_adapter_for
from database.migration_log import DoneStatements, read_done
from database.migration_plan import MigrationPlan, PlannedRevision, PlannedStatement, hash_of
from database.migration_reader import read_changes
from database.migration_rebuilds import see_through
from database.migration_scripts import ForetoldRevision, foretell, is_file
from database.revisions import (
    BASE,
    LOCATION,
    Revision,
    find_target,
    known_revisions,
    position,
    target_position,
)

_CONNECT_TIMEOUT = 30.0
_PATIENCE = 5.0  # seconds for any question to the server
_COUNTED_BELOW = 3 * BIG  # an estimate may be a quarter of the truth, and no warning is to be missed
_EMPTY = (ChangeKind.CREATE_TABLE, ChangeKind.REPLACE_TABLE)


@dataclass(frozen=True)
class Ground:
    """What a plan stands on: where the database is, its tables, and what a run that was cut off has done."""

    current: tuple[str, ...]
    server: str
    sizes: dict[str, TableSize]
    done: DoneStatements


def make_plan(
    parameters: ConnectionParameters,
    target: str = "head",
    location: Path = LOCATION,
    *,
    patience: float | None = None,
) -> MigrationPlan:
    """What bringing the database to `target` would do. Waits `patience` seconds for a migration that runs in
    this process. Raises InvalidInput for a target that names nothing before anything else; then
    ConnectionFailed and its kin, SchemaTooNew, MigrationError, TargetBusy."""
    known = known_revisions(location)
    goal = find_target(target, known)
    ground = look(parameters)
    here = position(ground.current, known)
    there = target_position(goal, here, known)
    steps = known[here:there] if there > here else tuple(reversed(known[there:here]))
    is_up = there > here
    foretold = foretell(parameters, steps, location, upgrade=is_up, patience=patience) if steps else ()
    revisions = _Judging(parameters, ground, "upgrade" if is_up else "downgrade").judge(foretold)
    current, end = _name(known, here) if here else "", _name(known, there)
    dialect = parameters.dialect.value
    return MigrationPlan(
        dialect,
        ground.server,
        current,
        end,
        revisions,
        utc_now(),
        hash_of(dialect, current, end, revisions),
        adapter_for(parameters).supports(Capability.TRANSACTIONAL_DDL),
    )


def look(parameters: ConnectionParameters) -> Ground:
    """Ask the server. A file that is not there yet is an empty database."""
    if is_file(parameters) and not (parameters.in_memory or Path(parameters.database).exists()):
        return Ground((), adapter_for(parameters).label, {}, DoneStatements())
    with closing_connection(parameters, _CONNECT_TIMEOUT) as (adapter, connection):
        current = adapter.revisions(connection)
        version = str(adapter.server_version(connection))
        return Ground(current, version, _sizes(adapter, connection), read_done(adapter, connection))


def _sizes(adapter: Adapter, connection: Connection) -> dict[str, TableSize]:
    """Rows and bytes of each table; estimated where counting takes too long."""
    adapter.statement_timeout(connection, _PATIENCE)
    try:
        found = adapter.table_sizes(connection, _COUNTED_BELOW)
    except ServerError:
        found = adapter.table_sizes(connection, 0)
    adapter.statement_timeout(connection, 0)
    return {one.name: one for one in found}


def _name(known: Sequence[Revision], place: int) -> str:
    return known[place - 1].id if place else BASE


class _Judging:
    """Judges one revision after the other. `_sizes` follows what they do to tables: one that they make holds
    no rows, None stands for one that they fill."""

    def __init__(self, parameters: ConnectionParameters, ground: Ground, direction: str) -> None:
        self._adapter: MigrationAdapter = migration_adapter_for(parameters.dialect)
        self._ground = ground
        self._direction = direction
        self._sizes: dict[str, TableSize | None] = dict(ground.sizes)
        self._made: set[str] = set()

    def judge(self, foretold: Sequence[ForetoldRevision]) -> tuple[PlannedRevision, ...]:
        return tuple(self._revision(one) for one in foretold)

    def _revision(self, one: ForetoldRevision) -> PlannedRevision:
        read = [(sql, read_changes(sql, self._adapter.grammar)) for sql in one.statements]
        findings: list[Finding] = []
        statements = []
        for sql, changes in see_through(read, one.columns, self._adapter):
            statements.append(self._statement(one.revision.id, sql, changes))
            findings += filter(None, map(self._judge, changes))
            self._follow(changes)
        return PlannedRevision(
            one.revision.id,
            one.revision.name,
            one.title,
            self._direction,
            tuple(statements),
            tuple(findings),
            one.is_known,
            one.can_be_undone,
            one.sha256,
        )

    def _statement(self, revision: str, sql: str, changes: tuple[Change, ...]) -> PlannedStatement:
        names = {self._spelled(change.table) for change in changes}
        tables = [size for name in names if (size := self._sizes.get(name)) and name not in self._made]
        sizes = [one.size for one in tables if one.size is not None]
        return PlannedStatement(
            sql,
            changes,
            sum(one.rows for one in tables) if tables else None,
            all(one.exact for one in tables),
            sum(sizes) if tables and len(sizes) == len(tables) else None,
            self._ground.done.has(revision, self._direction, sql),
        )

    def _judge(self, change: Change) -> Finding | None:
        name = self._spelled(change.table)
        if size := self._sizes.get(name):
            return self._adapter.judge(change, size)
        return self._adapter.judge_unseen(change, is_made=name in self._made)

    def _spelled(self, name: str) -> str:
        """As the catalogue spells it: SQL may be written in other capitals, and mean the same table."""
        if name in self._sizes:
            return name
        return next((one for one in self._sizes if one.lower() == name.lower()), name)

    def _follow(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            name = self._spelled(change.table)
            if change.kind in _EMPTY:
                self._made.add(name)
                self._sizes[name] = TableSize(name, 0, True, 0)
            elif change.kind is ChangeKind.INSERT and name in self._made:
                self._sizes[name] = None
            elif change.kind is ChangeKind.DROP_TABLE:
                self._sizes.pop(name, None)
                self._made.discard(name)
            elif change.kind is ChangeKind.RENAME_TABLE and name in self._sizes:
                self._sizes[change.new_name] = self._sizes.pop(name)
                if name in self._made:
                    self._made.remove(name)
                    self._made.add(change.new_name)
