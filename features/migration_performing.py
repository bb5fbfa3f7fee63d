"""Performs a migration whose plan and gate are settled: backs up, runs, looks at the end state, writes it
down."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace

from core.clock import monotonic, utc_now
from core.errors import AppError, MigrationError
from core.failpoints import failpoint
from core.progress import Operation
from core.text import duration, plural
from database import migrator
from database.adapters.migrating import MigrationAdapter
from database.adapters.migration_adapters import migration_adapter_for
from database.context import current_settings
from database.fingerprint import fingerprint
from database.journal import AppliedRevision, Listener
from database.migration_plan import MigrationPlan
from database.revisions import BASE, pending_revisions
from database.schema_lock import PATIENCE
from database.setup import read_standing, verify
from features.migration_gate import back_up, write_down_backups
from features.migration_health import check_after, check_before
from features.migration_runs import RunFacts, keep_run, last_fingerprint
from features.migration_trees import Tree

_SHORT = 120


@dataclass(frozen=True)
class MigrationReport:
    """What was done: the steps, where the database is now, by which plan, and the backup taken before, ""
    where none was."""

    database: str
    steps: tuple[AppliedRevision, ...]
    revision: str
    plan_hash: str
    backup: str


def perform_run(
    op: Operation,
    tree: Tree,
    plan: MigrationPlan,
    begun: RunFacts | None,
    applied_by: str,
    *,
    takes_backup: bool,
) -> MigrationReport:
    """Do what the plan says; `begun` is what an earlier attempt of the same operation wrote down. Raises what
    `apply_migrations` raises."""
    op.note(f"Plan {plan.short_hash}: {plural(len(plan.revisions), 'revision')} to {plan.target}.")
    health = check_before(tree.parameters)
    if begun is None:
        _tell_of_drift(op, tree)
    backup = begun.backup if begun else ""  # a second one would hold a part of the way
    if takes_backup and not backup:
        backup = back_up(op, tree, applied_by)
    op.note(f"The backup before it is {backup}." if backup else "No backup is taken.")
    run = begun or replace(_run_of(op, tree, plan, applied_by), backup=backup, health_before=health)
    with _written_down(run) as written:
        steps = _migrate(op, tree, plan, applied_by)
        failpoint("migration.done")
        _look_at_end(op, tree, plan, written)
    if run.backup:
        write_down_backups(op)
    return MigrationReport(tree.name, steps, plan.target, plan.hash, run.backup)


def end_run(op: Operation, tree: Tree, plan: MigrationPlan, begun: RunFacts | None) -> MigrationReport:
    """Nothing is left to do. What an earlier attempt of the same operation did is looked at and written
    down."""
    if begun is not None:
        with _written_down(begun) as written:
            _look_at_end(op, tree, plan, written)
    return MigrationReport(tree.name, (), plan.target, plan.hash, begun.backup if begun else "")


def _run_of(op: Operation, tree: Tree, plan: MigrationPlan, applied_by: str) -> RunFacts:
    return RunFacts(
        op.id,
        tree.name,
        plan.direction,
        plan.current,
        plan.target,
        len(plan.revisions),
        plan.hash,
        applied_by[:100],
        utc_now(),
    )


@dataclass
class _Ending:
    """What is known at the end."""

    health_after: str = ""
    fingerprint: str = ""


@contextmanager
def _written_down(run: RunFacts) -> Iterator[_Ending]:
    """The run is written down when it begins, and how it ended."""
    keep_run(run)
    failpoint("migration.begun")
    began, ending, state = monotonic(), _Ending(), "failed"
    try:
        yield ending
        state = "succeeded"
    finally:
        ended = replace(run, state=state, seconds=monotonic() - began, **vars(ending))
        if state == "succeeded":
            keep_run(ended)
        else:
            with suppress(AppError):  # what failed may be the very database that this is written to
                keep_run(ended)


def _migrate(op: Operation, tree: Tree, plan: MigrationPlan, applied_by: str) -> tuple[AppliedRevision, ...]:
    return migrator.migrate(
        tree.parameters,
        plan.target,
        applied_by=applied_by,
        listener=_Reporter(op, plan, migration_adapter_for(tree.parameters.dialect)),
        patience=PATIENCE,
        planned_from=plan.current,
        statement_timeout=current_settings().db_command_timeout,
        location=tree.location,
        keeps_history=tree.is_own,
    )


class _Reporter(Listener):
    """Tells an operation how far a run is; a cancel takes hold between two revisions."""

    def __init__(self, op: Operation, plan: MigrationPlan, adapter: MigrationAdapter) -> None:
        self._op = op
        self._outline = adapter.outline
        self._planned = {one.id: one for one in plan.revisions}
        self._number = 0

    def begins(self, revision: str, name: str) -> None:
        self._number += 1
        planned = self._planned.get(revision)
        title = planned.title if planned else name
        self._op.phase(f"{self._number} of {len(self._planned)}: {title}"[:_SHORT])
        failpoint("migration.revision")

    def ran(self, sql: str, seconds: float) -> None:
        self._op.note(f"{duration(seconds)}: {self._outline(sql, _SHORT)}")
        failpoint("migration.statement")

    def skipped(self, sql: str) -> None:
        self._op.note(f"Done before: {self._outline(sql, _SHORT)}")

    def waits(self, seconds: float, reason: str) -> None:
        self._op.note(f"{reason} Trying again in {duration(seconds)}.")


def _verify(op: Operation, tree: Tree, plan: MigrationPlan) -> None:
    """The revision is reached, and at the newest one the schema is as the models say."""
    wanted = () if plan.target == BASE else (plan.target,)
    standing = read_standing(tree.parameters)
    if standing.revisions != wanted:
        reached = ", ".join(standing.revisions) or BASE
        raise MigrationError(f"The database is at {reached}, not at {plan.target}.")
    if tree.is_own and wanted and not pending_revisions(standing.revisions):
        verify(op, tree.parameters)
    else:
        op.phase("Verify")


def _look_at_end(op: Operation, tree: Tree, plan: MigrationPlan, written: _Ending) -> None:
    _verify(op, tree, plan)
    written.health_after = check_after(tree.parameters)
    written.fingerprint = fingerprint(tree.parameters)


def _tell_of_drift(op: Operation, tree: Tree) -> None:
    """Whether somebody changed the schema since the last run."""
    known = last_fingerprint(tree.name)
    if known and known != fingerprint(tree.parameters):
        op.note("The schema was changed by other hands since the last run.")
