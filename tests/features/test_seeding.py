"""Seeding on each kind of server: the same rows everywhere, repeated without a change, cut off and resumed,
taken out again without anything of people's."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator

import pytest
from sqlalchemy import func, select, text, update

from core import failpoints
from core.clock import utc_now
from core.connection import Dialect
from core.errors import InvalidInput, LeaseLost
from core.naming import new_id
from core.progress import Advanced, Event, Operation
from core.settings import Settings
from database.adapters import seeding_adapters
from database.context import application_context
from database.schema import find_faults
from database.seeding import open_filler
from features.recipes.book import RECIPES, TYPES
from features.recipes.recipe import Value
from features.recipes.rows import Group, Rows
from features.recipes.users import PAIRS, ROUNDS, username_of
from features.recipes.words import fingerprint, keys
from features.seed_parts import target_of
from features.seed_removal import clean_seeded, undo_run
from features.seed_runs import RunFacts, begin_run, list_runs
from features.seeding import CLEAN_FIRST, UPSERT, plan_seed, resume_seed, seed
from features.user_changes import UserChange, choose, deactivate_users, edit_user
from models import Command, Session, SshProfile, SyncData, User, db
from tests.features.small_batches import make_small

FORTY = dict.fromkeys(TYPES, 40)
MODELS = (User, SshProfile, Session, Command, SyncData)
SAME = "52b6e5333002b856"  # what seed 7 stands for; another here means that old seeds make other rows now


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture
def name(settings: Settings) -> Iterator[str]:
    """The database's name, in an application context."""
    with application_context(settings):
        yield settings.database.name


def run(name: str, mode: str = "add", /, **wishes: int) -> RunFacts:
    return seed(Operation(id=new_id()), name, wishes, made_by="ada", mode=mode, number=7)


def counts() -> dict[str, int]:
    db.session.rollback()
    return {
        model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) or 0
        for model in MODELS
    }


def digest() -> str:
    """All that was seeded but the keys, in the order of the recipes."""
    db.session.rollback()
    hashed = hashlib.sha256()
    for model in MODELS:
        columns = [column for column in model.__table__.columns if not column.name.endswith("id")]
        for row in db.session.execute(select(*columns).order_by(model.id)):
            hashed.update(repr(tuple(row)).encode())
    return hashed.hexdigest()[:16]


def test_transactions_that_take_too_long_become_shorter(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    adapter = seeding_adapters._seeding_class(settings.database.dialect)
    monkeypatch.setattr(adapter, "batch", 400)
    monkeypatch.setattr(adapter, "longest", 0.0)
    events: list[Event] = []
    seed(Operation(events.append, id=new_id()), name, {"users": 1_200}, made_by="ada", number=7)
    done = [event.done for event in events if isinstance(event, Advanced) and event.total == 1_200]
    assert done == [0, 400, 800, 1_000, 1_100, 1_200]  # each is made while the one before is put in
    assert counts()["user"] == 1_200


@pytest.mark.every_server
def test_seeded_repeated_met_by_people_and_taken_out(
    name: str, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    run(name, **FORTY)
    first = counts()
    assert first == dict.fromkeys(first, 40)
    assert digest() == SAME

    db.session.execute(update(User).where(User.username == username_of(7, 3)).values(name="Somebody"))
    ada = User(username=username_of(7, 43), email=f"{username_of(7, 43)}@example.com", name="Ada")
    seeded = db.session.scalars(select(User).where(User.username == username_of(7, 5))).one()
    db.session.add_all([ada, _profile(seeded.id)])
    db.session.commit()
    mended = run(name, UPSERT, **FORTY)
    assert (mended.rows, mended.updated > 0) == (0, True)
    assert run(name, UPSERT, **FORTY).updated == 0
    run(name, users=10)  # the fourth of them is called as Ada is
    assert counts()["user"] == 51
    renamed = User.username.like(f"{username_of(7, 43)}%")
    assert len(db.session.scalars(select(User.id).where(renamed)).all()) == 2

    make_small(monkeypatch)
    monkeypatch.setattr(failpoints, "_listeners", [_crash_at("seeding.batch", after=2)])
    with pytest.raises(Crash):
        run(name, users=500)
    failpoints._listeners.clear()
    cut = list_runs(name)[0]
    assert cut.is_open and 0 < cut.done == counts()["user"] - 51 < 500
    assert resume_seed(Operation(id=new_id()), name).done == 500
    assert counts()["user"] == 551
    undo_run(Operation(id=new_id()), name, cut.id)
    assert counts()["user"] == 51
    assert not find_faults(settings.database)

    removed = clean_seeded(Operation(id=new_id()), name, ["users"])
    assert removed.kept == 1  # whom a profile hangs on that people made
    assert counts() == {"user": 2, "ssh_profile": 1, "session": 0, "command": 0, "sync_data": 0}
    run(name, CLEAN_FIRST, **FORTY)
    assert counts()["user"] == 42 and not find_faults(settings.database)


def test_a_key_that_came_back_is_not_taken_for_a_seeded_row(name: str, settings: Settings) -> None:
    """SQLite gives the highest key anew when its row is gone."""
    if settings.database.dialect is not Dialect.SQLITE:
        pytest.skip("no key comes back there")
    part = run(name, users=3).parts[0]
    assert part.first_key is not None
    db.session.execute(text(f'DELETE FROM "user" WHERE id = {part.last_key}'))
    db.session.add(User(id=part.last_key, username="ada", email="ada@example.com", name="Ada"))
    db.session.commit()
    assert run(name, UPSERT, users=3).updated == 0
    assert clean_seeded(Operation(id=new_id()), name, ["users"]).total == 2
    assert db.session.scalars(select(User.username)).all() == ["ada"]


def test_of_two_that_begin_a_part_the_second_stops(name: str, settings: Settings) -> None:
    """As a worker does that stood still while another took its work over."""
    plan = plan_seed(name, {"users": 9}, number=7)
    begun = begin_run(new_id(), name, plan, mode="add", wanted="", made_by="ada", operation_id="")
    part = begun.parts[0]
    with open_filler(settings.database) as filler:

        def begin() -> int:
            def last(first: int) -> list[tuple[Value, ...]]:
                return list(part.recipe.make(Rows("user", 7, 0, 9, first, {}), 8, 9))

            return filler.begin(target_of(part.recipe), part.id, 9, last)

        first = begin()
        with pytest.raises(LeaseLost):
            begin()
    assert (list_runs(name)[0].parts[0].first_key, counts()["user"]) == (first, 1)


def test_what_people_decided_of_seeded_users_stays(name: str) -> None:
    """Repeating a seed lets nobody in and makes no admin less; undoing it takes none away."""
    made = run(name, users=12)
    active, boss = db.session.scalars(select(User).where(User.is_active).limit(2))
    shut_out, admin = active.username, boss.username
    edit_user(Operation(), admin, UserChange(role="admin"))
    deactivate_users(Operation(), choose((shut_out,)))
    run(name, UPSERT, users=12)
    db.session.rollback()
    kept = db.session.execute(select(User.username, User.role, User.is_active)).all()
    assert (shut_out, False) in [(one, is_active) for one, _, is_active in kept]
    assert (admin, "admin", True) in kept
    undone = undo_run(Operation(id=new_id()), name, made.id)
    assert (undone.total, undone.kept) == (11, 1)
    db.session.rollback()
    left = db.session.execute(select(User.username, User.role, User.is_active)).all()
    assert left == [(admin, "admin", True)]


def test_the_same_seed_makes_the_same_rows_in_any_piece() -> None:
    users = Rows("user", 7, 0, 900, 1, {})
    for recipe in RECIPES:
        rows = Rows(recipe.table, 7, 0, 1200, 1, {} if recipe.table == "user" else {"user": Group([users])})
        whole = list(recipe.make(rows, 0, 1200))
        pieces = (recipe.make(rows, start, start + 61) for start in range(450, 633, 61))
        assert whole[450:633] == [row for piece in pieces for row in piece]
        other = Rows(recipe.table, 8, 0, 1200, 1, rows.parents)
        assert whole[0] != next(recipe.make(other, 0, 1))
        for column in recipe.unique:
            values = {row[recipe.columns.index(column)] for row in whole}
            assert len(values) == 1200


def test_what_is_too_much_is_named_before_anything_is_written(name: str) -> None:
    with pytest.raises(InvalidInput, match="user.username and email"):
        plan_seed(name, {"users": PAIRS * ROUNDS + 1}, number=7)
    for wishes, number in (({"cats": 1}, 7), ({"users": 0}, 7), ({"users": 1}, -1)):
        with pytest.raises(InvalidInput):
            plan_seed(name, wishes, number=number)
    assert not list_runs(name)


def test_fingerprints_are_those_of_real_keys() -> None:
    blob = "AAAAC3NzaC1lZDI1NTE5AAAAIJVzHBVvg+ah2txAdK0sns8sOAyOYD+bMBuQoCTsvmS"
    padded = blob + "=" * (-len(blob) % 4)
    expected = base64.b64encode(hashlib.sha256(base64.b64decode(padded)).digest()).decode().rstrip("=")
    assert fingerprint(padded) == f"SHA256:{expected}"
    assert {key.kind for key in keys()} == {"ed25519", "ecdsa", "rsa"}
    assert len({key.fingerprint for key in keys()}) == len(keys())


def _profile(user_id: int) -> SshProfile:
    return SshProfile(
        user_id=user_id, host="ada.example.net", username="ada", auth_method="password", created_at=utc_now()
    )


def _crash_at(place: str, after: int):
    passed = []

    def listen(name: str) -> None:
        passed.append(name)
        if passed.count(place) > after:
            raise Crash

    return listen
