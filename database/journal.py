"""The record of migrations: each step timed, and written to migration_history in its own transaction."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, cast

from sqlalchemy import Connection, Table, delete, insert, inspect, select

from core.clock import monotonic, utc_now
from database.revisions import Revision
from models import MigrationHistory

_HISTORY = cast(Table, MigrationHistory.__table__)
_NAME_LENGTH = 100


@dataclass(frozen=True)
class AppliedRevision:
    """One migration that ran. `name` is its file's name, `seconds` how long it took."""

    id: str
    name: str
    direction: Literal["upgrade", "downgrade"]
    seconds: float


class Listener:
    """Hears how a run of migrations goes on; what it does not care for, it leaves as it is here."""

    def begins(self, revision: str, name: str) -> None:
        """The next revision begins. What is raised here ends the run between two revisions."""

    def ran(self, sql: str, seconds: float) -> None:
        """A statement was done."""

    def skipped(self, sql: str) -> None:
        """A statement was done by an earlier run that was cut off."""

    def waits(self, seconds: float, reason: str) -> None:
        """A lock was not to be had; it is tried again after `seconds`."""


class Watch(Protocol):
    """Who looks at the single statements of a run."""

    def around(self, step: Any) -> Callable[..., None]: ...

    def end(self) -> None: ...


class Journal:
    """Follows one run of migrations. `applied` grows as steps are committed. It writes
    migration_history where the database `keeps_history`: others may have a table of that name."""

    def __init__(
        self,
        applied_by: str,
        on_step: Callable[[AppliedRevision], None] | None = None,
        listener: Listener | None = None,
        *,
        keeps_history: bool = True,
    ) -> None:
        self.applied: list[AppliedRevision] = []
        self.listener = listener or Listener()
        self.watch: Watch | None = None
        self._applied_by = applied_by
        self._on_step = on_step
        self._keeps_history = keeps_history
        self._began = monotonic()
        self._recorded: AppliedRevision | None = None

    def follow(self, steps: Iterable[Any]) -> Iterator[Any]:
        """Hand out Alembic's steps one by one. The next is asked for when the last is committed."""
        for step in steps:
            script = step.revision
            self.listener.begins(script.revision, Path(script.path).stem)
            self._began = monotonic()
            self._recorded = None
            if self.watch:
                step.migration_fn = self.watch.around(step)
            yield step
            self._report()

    def record(self, *, ctx: Any, step: Any, **_rest: Any) -> None:
        """Alembic's `on_version_apply`: write or remove the row, before the step's commit."""
        if step.is_stamp:
            return
        script = step.up_revision
        seconds = monotonic() - self._began
        direction: Literal["upgrade", "downgrade"] = "upgrade" if step.is_upgrade else "downgrade"
        self._recorded = AppliedRevision(script.revision, Path(script.path).stem, direction, seconds)
        if self._keeps_history:
            _write(ctx.connection, self._recorded, self._applied_by)
        if self.watch:
            self.watch.end()
        self._began = monotonic()

    def _report(self) -> None:
        if self._recorded is None:
            return
        self.applied.append(self._recorded)
        if self._on_step:
            self._on_step(self._recorded)


def rewrite_history(connection: Connection, revisions: tuple[Revision, ...], applied_by: str) -> None:
    """Make migration_history name exactly `revisions`: rows that are there stay, with their times."""
    if not inspect(connection).has_table(_HISTORY.name):
        return
    names = [revision.name for revision in revisions]
    connection.execute(delete(_HISTORY).where(_HISTORY.c.migration_name.not_in(names)))
    there = set(connection.scalars(select(_HISTORY.c.migration_name)))
    for revision in revisions:
        if revision.name not in there:
            _insert(connection, revision.id, revision.name, 0.0, applied_by)


def _write(connection: Connection, applied: AppliedRevision, applied_by: str) -> None:
    # The table is not there before the first migration, and no longer after its downgrade.
    if not inspect(connection).has_table(_HISTORY.name):
        return
    connection.execute(delete(_HISTORY).where(_HISTORY.c.migration_name == applied.name))
    if applied.direction == "upgrade":
        _insert(connection, applied.id, applied.name, applied.seconds, applied_by)


def _insert(connection: Connection, revision: str, name: str, seconds: float, applied_by: str) -> None:
    connection.execute(
        insert(_HISTORY).values(
            migration_name=name,
            revision=revision,
            applied_at=utc_now(),
            duration=seconds,
            applied_by=applied_by[:_NAME_LENGTH],
        )
    )
