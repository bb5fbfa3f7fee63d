"""Sample data: twelve users with their sign-ins, profiles, sessions, commands and sync records, so that a new
schema has something to show."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from sqlalchemy import select, update

from core.clock import utc_now
from core.connection import ConnectionParameters
from core.naming import new_id
from core.progress import Operation, operation
from database.seeding import open_filler
from database.transactions import transaction
from features.passwords import hash_password
from features.recipes.moments import seed_of_day
from features.seed_filling import fill_parts
from features.seed_parts import read_parts
from features.seed_plans import plan_rows
from features.seed_runs import RunFacts, begin_run, end_run, list_runs
from models import User

SAMPLE = "sample"
_WISHES = {"users": 12, "ssh": 30, "sessions": 90, "commands": 260, "sync": 60, "sign-ins": 340}


@dataclass(frozen=True)
class SampleData:
    """What was added: (table, rows) pairs, the one password of all sample users, and the first of those who
    are active. All are empty when the sample users were there already."""

    password: str = ""
    username: str = ""
    rows: tuple[tuple[str, int], ...] = ()


@operation("data.sample", title="Add sample data to {database.name}", target="{database.name}")
def add_sample_data(op: Operation, database: ConnectionParameters) -> SampleData:
    """Add the sample users and their records; a second run adds nothing. Whose name somebody else has is
    given another."""
    earlier = next(
        (run for run in list_runs(database.name) if run.mode == SAMPLE and not run.undone_at), None
    )
    if earlier and not earlier.is_open:
        return SampleData()
    run = earlier or _begin(op, database.name)
    with open_filler(database) as filler:
        fill_parts(op, filler, run.parts, read_parts(database.name))
        filler.refresh([part.table for part in run.parts])
    end_run(run.id, seconds=0.0, updated=0)
    password = _make_password()
    username = _give_password(run, password)
    return SampleData(password, username, tuple(sorted((part.table, part.wanted) for part in run.parts)))


def _begin(op: Operation, database: str) -> RunFacts:
    plan = plan_rows(_WISHES, seed_of_day(utc_now().date()), read_parts(database))
    return begin_run(
        new_id(), database, plan, mode=SAMPLE, wanted="sample data", made_by="", operation_id=op.id
    )


def _give_password(run: RunFacts, password: str) -> str:
    """Seeded users have none by themselves. Gives the name of one whom it lets in."""
    (users,) = (part for part in run.parts if part.table == User.__tablename__)
    with transaction() as session:
        first = session.scalars(select(User.id).where(User.id == users.last_key)).one() - users.wanted + 1
        mine = User.id.between(first, users.last_key)
        session.execute(update(User).where(mine).values(password_hash=hash_password(password)))
        return (
            session.scalars(select(User.username).where(mine, User.is_active).order_by(User.id)).first() or ""
        )


def _make_password() -> str:
    """About 100 bits, readable aloud."""
    return "-".join(secrets.token_hex(3) for _ in range(4))
