"""Sample data: twelve users with their sign-ins, profiles, sessions, commands and sync records, so that a
new schema has something to show."""

from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import select

from core.clock import utc_now
from core.connection import ConnectionParameters
from core.progress import Operation, operation
from database.transactions import transaction
from features.passwords import hash_password
from features.sample_recipes import PEOPLE, Person, Recipe
from models import User, db
from models.base import Model

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class SampleData:
    """What was added: (table, rows) pairs, and the one password of every sample user. Both are empty when
    the sample users were there already."""

    password: str
    rows: tuple[tuple[str, int], ...]


@operation("data.sample", title="Add sample data to {database.name}", target="{database.name}")
def add_sample_data(op: Operation, database: ConnectionParameters) -> SampleData:
    """Add the sample users and their records in one transaction; a second run adds nothing. Whose username
    somebody else has is left out."""
    password = _make_password()
    recipe = Recipe(utc_now(), hash_password(password))
    counts: Counter[str] = Counter()
    with transaction():
        if _sample_users():
            return SampleData("", ())
        people = _free_people(op)
        op.phase("Add sample data", total=len(people), unit="user")
        for person in people:
            counts.update(_add_person(recipe, person))
            op.advance()
    return SampleData(password, tuple(sorted(counts.items())))


def _free_people(op: Operation) -> list[Person]:
    names = [person.username for person in PEOPLE]
    taken = set(db.session.scalars(select(User.username).where(User.username.in_(names))))
    for name in sorted(taken):
        op.note(f"{name} is somebody else: left out")
    return [person for person in PEOPLE if person.username not in taken]


def _add_person(recipe: Recipe, person: Person) -> list[str]:
    """Add one person and all that is theirs; gives the table of each row."""
    user = _add([recipe.user(person)])[0]
    profiles = _add(recipe.profiles(person, user.id))
    sessions = _add(recipe.sessions(person, user.id, [profile.id for profile in profiles]))
    commands = [command for session in sessions for command in recipe.commands(user.id, session)]
    rest = _add([*commands, *recipe.log(person, user.id), *recipe.sync_records(person, user.id)])
    return [row.__tablename__ for row in (user, *profiles, *sessions, *rest)]


def _add(rows: list[Row]) -> list[Row]:
    db.session.add_all(rows)
    db.session.flush()
    return rows


def _sample_users() -> int:
    """How many of the sample users there are. They are known by their addresses, in a domain that
    RFC 2606 sets aside for examples."""
    emails = [person.email for person in PEOPLE]
    return len(db.session.scalars(select(User.id).where(User.email.in_(emails))).all())


def _make_password() -> str:
    """About 100 bits, readable aloud."""
    return "-".join(secrets.token_hex(3) for _ in range(4))
