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
from database.adapters.migrating import Change, ChangeKind, Finding, MigrationAdapter
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
_NEW_OR_GONE = (ChangeKind.CREATE_TABLE, ChangeKind.REPLACE_TABLE, ChangeKind.DROP_TABLE)


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
        found = adapter.table_sizes(connection)
    except ServerError:
        found = adapter.table_sizes(connection, 0)
    adapter.statement_timeout(connection, 0)
    return {one.name: one for one in found}


def _name(known: Sequence[Revision], place: int) -> str:
    return known[place - 1].id if place else BASE


class _Judging:
    """Judges one revision after the other; a table that one of them makes holds no rows."""

    def __init__(self, parameters: ConnectionParameters, ground: Ground, direction: str) -> None:
        self._adapter: MigrationAdapter = migration_adapter_for(parameters.dialect)
        self._ground = ground
        self._direction = direction
        self._sizes = dict(ground.sizes)

    def judge(self, foretold: Sequence[ForetoldRevision]) -> tuple[PlannedRevision, ...]:
        return tuple(self._revision(one) for one in foretold)

    def _revision(self, one: ForetoldRevision) -> PlannedRevision:
        read = [(sql, read_changes(sql, self._adapter.grammar)) for sql in one.statements]
        findings: list[Finding] = []
        statements = []
        for sql, changes in see_through(read, one.columns, self._adapter):
            statements.append(self._statement(one.revision.id, sql, changes))
            findings += filter(None, (self._adapter.judge(change, self._size(change)) for change in changes))
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
        names = {change.table for change in changes}
        tables = [self._sizes[name] for name in names if name in self._sizes]
        return PlannedStatement(
            sql,
            changes,
            sum(one.rows for one in tables) if tables else None,
            all(one.exact for one in tables),
            sum(one.size or 0 for one in tables) if tables else None,
            self._ground.done.has(revision, self._direction, sql),
        )

    def _size(self, change: Change) -> TableSize:
        return self._sizes.get(change.table) or TableSize(change.table, 0, True, 0)

    def _follow(self, changes: tuple[Change, ...]) -> None:
        for change in changes:
            if change.kind in _NEW_OR_GONE:
                self._sizes.pop(change.table, None)
            elif change.kind is ChangeKind.RENAME_TABLE and change.table in self._sizes:
                self._sizes[change.new_name] = self._sizes.pop(change.table)
