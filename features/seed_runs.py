"""Seed runs as the ledger has them: begun, ended, listed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, delete, select, update

from core.clock import utc_now
from core.errors import Conflict, NotFound
from core.naming import is_id
from core.text import visible
from database.transactions import transaction
from features.seed_parts import PartFacts, part_of
from features.seed_plans import SeedPlan, Step
from models import SeedPart, SeedRun

NEWEST = 50


@dataclass(frozen=True)
class RunFacts:
    """One run. `rows` are those it was to make, `done` those it has made, `updated` those that an upsert
    found otherwise; a run is `is_open` that was cut off."""

    id: str
    database: str
    made_by: str
    mode: str
    seed: int
    wanted: str
    updated: int
    started_at: datetime
    finished_at: datetime | None
    seconds: float
    undone_at: datetime | None
    parts: tuple[PartFacts, ...]

    @property
    def rows(self) -> int:
        """Rows it was to make."""
        return sum(part.wanted for part in self.parts)

    @property
    def done(self) -> int:
        """Rows it has made."""
        return sum(part.made for part in self.parts)

    @property
    def is_open(self) -> bool:
        """True for one that was cut off, and neither resumed nor undone."""
        return self.finished_at is None and self.undone_at is None

    @property
    def is_undoable(self) -> bool:
        """True while rows of it may be there."""
        return self.undone_at is None and any(part.removed_at is None for part in self.parts)

    @property
    def rate(self) -> float:
        """Rows a second."""
        return self.rows / self.seconds if self.seconds else 0.0


def begin_run(
    id: str, database: str, plan: SeedPlan, *, mode: str, wanted: str, made_by: str, operation_id: str
) -> RunFacts:
    """Write down a run and all of its parts, none of whose rows is there yet."""
    with transaction() as session:
        run = SeedRun(
            id=id,
            database=database,
            made_by=made_by,
            mode=mode,
            seed=plan.seed,
            wanted=wanted,
            operation_id=operation_id,
        )
        session.add(run)
        session.flush()
        made: dict[str, list[int]] = {}
        for repeat in (one for one in plan.repeats if one.part.is_whole):
            made.setdefault(repeat.part.table, []).append(repeat.part.id)
        for step in plan.steps:
            part = _part(run.id, plan.seed, step, made)
            session.add(part)
            session.flush()
            made.setdefault(step.table, []).append(part.id)
    return read_run(id)


def _part(run_id: str, seed: int, step: Step, made: dict[str, list[int]]) -> SeedPart:
    parents = {table: list(ids) for table, ids in step.parents.items() if ids}
    parents |= {table: list(made[table]) for table in step.within}
    return SeedPart(
        run_id=run_id,
        table_name=step.table,
        seed=seed,
        first=step.first,
        wanted=step.count,
        parents=parents | ({"each": step.each} if step.each else {}),
    )


def end_run(id: str, *, seconds: float, updated: int) -> RunFacts:
    """Write down that all of its rows are there."""
    _change(id, finished_at=utc_now(), seconds=seconds, updated=updated)
    return read_run(id)


def mark_undone(ids: list[str], parts: list[int]) -> None:
    """Write down that the rows of those parts are gone, and that those runs, of which no part is left, are
    undone."""
    with transaction() as session:
        for id in parts:
            session.execute(update(SeedPart).where(SeedPart.id == id).values(removed_at=utc_now()))
        for run in ids:
            left = select(SeedPart.id).where(SeedPart.run_id == run, SeedPart.removed_at.is_(None)).limit(1)
            if session.scalar(left) is None:
                session.execute(update(SeedRun).where(SeedRun.id == run).values(undone_at=utc_now()))


def forget_runs(database: str) -> tuple[str, ...]:
    """Forget what was put into a database that is another one from now on, or that nobody knows any more:
    by that name the rows of others would be taken out. Gives the statements of the indexes that were set
    aside there, which nobody else makes again."""
    of_there = select(SeedRun.id).where(SeedRun.database == database)
    with transaction() as session:
        parts = session.scalars(select(SeedPart).where(SeedPart.run_id.in_(of_there))).all()
        away = tuple(statement for part in parts for _, statement in part.set_aside or ())
        session.execute(delete(SeedPart).where(SeedPart.run_id.in_(of_there)))
        session.execute(delete(SeedRun).where(SeedRun.database == database))
    return away


def read_run(id: str) -> RunFacts:
    """The run of that id. Raises NotFound."""
    with transaction() as session:
        row = session.get(SeedRun, id) if is_id(id) else None
        if row is None:
            raise NotFound(
                f'There is no seed run "{visible(id[:40])}".',
                hint="List them: manage_db.py seed --stats-only, with --database NAME for a registered one.",
            )
        return _facts(row, list(session.scalars(_parts_of([row.id]))))


def read_run_of(database: str, id: str) -> RunFacts:
    """The run of that id on that database. Raises NotFound, Conflict for one on another database."""
    run = read_run(id)
    if run.database != database:
        raise Conflict(f"That run filled {run.database}.", hint=f"Add: --database {run.database}")
    return run


def list_runs(database: str, limit: int = NEWEST) -> tuple[RunFacts, ...]:
    """The newest runs on a database, newest first."""
    query = select(SeedRun).where(SeedRun.database == database).order_by(SeedRun.started_at.desc())
    with transaction() as session:
        rows = list(session.scalars(query.limit(limit)))
        parts = list(session.scalars(_parts_of([row.id for row in rows])))
        return tuple(_facts(row, [part for part in parts if part.run_id == row.id]) for row in rows)


def run_of_operation(operation_id: str) -> RunFacts | None:
    """The run that an operation began before it was cut off."""
    query = select(SeedRun.id).where(SeedRun.operation_id == operation_id, SeedRun.operation_id != "")
    with transaction() as session:
        id = session.scalar(query)
    return read_run(id) if id else None


def _parts_of(runs: list[str]) -> Select[SeedPart]:
    return select(SeedPart).where(SeedPart.run_id.in_(runs)).order_by(SeedPart.id)


def _change(id: str, **values: object) -> None:
    with transaction() as session:
        session.execute(update(SeedRun).where(SeedRun.id == id).values(**values))


def _facts(row: SeedRun, parts: list[SeedPart]) -> RunFacts:
    return RunFacts(
        row.id,
        row.database,
        row.made_by,
        row.mode,
        row.seed,
        row.wanted,
        row.updated,
        row.started_at,
        row.finished_at,
        row.seconds,
        row.undone_at,
        tuple(map(part_of, parts)),
    )
