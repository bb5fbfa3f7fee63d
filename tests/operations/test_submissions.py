"""What waits in the queue is claimed by one worker, runs as who asked for it, and is recorded as what runs at
once (ARCHITECTURE section 4, rules 5 and 6)."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta

import pytest
from sqlalchemy import update

from core.actor import Actor, Role
from core.clock import utc_now
from core.errors import NotAllowed, TargetBusy, Unsupported
from core.naming import new_id
from core.progress import Event, Operation
from core.settings import Settings, load_settings
from database.transactions import transaction
from models import ApiToken, User
from operations.audit_chain import verify_chain
from operations.performing import perform
from operations.runner import Runner, in_context
from operations.store import read_operation
from tests.operations.support import ADMIN, CATALOGUE, count_to, counted, feature_of, rows, work_on


def test_what_was_queued_is_performed_once_and_recorded(settings: Settings) -> None:
    id = Runner(ADMIN, settings).submit(count_to, "shelf", limit=3)
    queued = in_context(settings, read_operation, id)
    assert (queued.state, queued.started_at, counted(settings, "shelf")) == ("queued", None, 0)
    heard: list[Event] = []
    assert perform(settings, CATALOGUE, id, heard.append)
    done = in_context(settings, read_operation, id)
    assert (done.state, done.done, done.total, counted(settings, "shelf")) == ("succeeded", 3, 3, 3)
    assert [type(event).__name__ for event in heard][::4] == ["Started", "Advanced"]
    events = rows(settings, "SELECT event, actor, outcome FROM audit ORDER BY id")
    assert events == [("intent", "ada", ""), ("outcome", "ada", "succeeded")]
    assert not rows(settings, "SELECT * FROM target_lock")
    assert not perform(settings, CATALOGUE, id)  # a second ring finds nothing to do
    assert counted(settings, "shelf") == 3


def test_the_phases_stay_with_their_figures(settings: Settings) -> None:
    id = Runner(ADMIN, settings).submit(count_to, "shelf", limit=2)
    perform(settings, CATALOGUE, id)
    sql = "SELECT attempt, position, name, done, total, unit FROM operation_phase"
    assert rows(settings, sql) == [(1, 0, "Count", 2, 2, "step")]
    assert rows(settings, "SELECT count(*) FROM operation_phase WHERE finished_at >= started_at") == [(1,)]


def test_a_target_is_held_from_the_submission_on(settings: Settings) -> None:
    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    runner = Runner(ADMIN, settings)
    for attempt in (lambda: runner.submit(count_to, "shelf"), lambda: runner.run(work_on, "shelf")):
        with pytest.raises(TargetBusy, match=rf"operation {id}, in the queue") as caught:
            attempt()
        assert caught.value.holder and caught.value.holder.operation_id == id
        assert caught.value.hint == "Wait until it has ended, or cancel it."
    assert counted(settings, "shelf") == 0


def test_of_many_workers_one_claims(settings: Settings) -> None:
    """TRUST J1: each effect once."""
    ids = [Runner(ADMIN, settings).submit(count_to, f"shelf{number}", limit=1) for number in range(4)]
    claimed: list[str] = []
    start = threading.Barrier(4)

    def work() -> None:
        start.wait()
        claimed.extend(id for id in ids if perform(settings, CATALOGUE, id))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(claimed) == sorted(ids)
    assert [counted(settings, f"shelf{number}") for number in range(4)] == [1] * 4
    assert in_context(settings, verify_chain).fault is None


def test_who_was_demoted_meanwhile_gets_nothing(settings: Settings) -> None:
    """TRUST Z6: asked again when the work begins; the same for whom was shut out, or removed."""
    for change in ({"role": "viewer"}, {"is_active": False}, None):
        user_id = in_context(settings, add_user, f"user{len(str(change))}")
        actor = Actor("olga", Role.OPERATOR, "web", "192.0.2.1", user_id)
        id = Runner(actor, settings).submit(count_to, "shelf")
        in_context(settings, change_user, user_id, change)
        assert perform(settings, CATALOGUE, id)
        row = in_context(settings, read_operation, id)
        assert (row.state, row.error_code) == ("failed", "not_allowed")
    assert counted(settings, "shelf") == 0


def test_what_a_token_asked_for_waits_in_vain_once_it_opens_nothing(settings: Settings) -> None:
    """TRUST Z6, S7: revoked, expired or gone since; of a lesser token no more than that."""
    user_id = in_context(settings, add_user, "olga")
    ends: dict[str, dict[str, object]] = {
        "active": {},
        "revoked": {"revoked_at": utc_now()},
        "expired": {"expires_at": utc_now()},
        "less": {"role": "viewer"},
    }
    seen = {}
    for number, (name, end) in enumerate(ends.items()):
        prefix = f"{number:012x}"
        in_context(settings, add_token, user_id, prefix)
        actor = Actor("olga", Role.OPERATOR, "api", "192.0.2.1", user_id, prefix)
        id = Runner(actor, settings).submit(count_to, "shelf")
        in_context(settings, change_token, prefix, end)
        assert perform(settings, CATALOGUE, id)
        seen[name] = in_context(settings, read_operation, id).state
    assert seen == {"active": "succeeded", "revoked": "failed", "expired": "failed", "less": "failed"}


def test_who_stayed_an_operator_gets_it_done(settings: Settings) -> None:
    user_id = in_context(settings, add_user, "olga")
    actor = Actor("olga", Role.OPERATOR, "web", "192.0.2.1", user_id)
    id = Runner(actor, settings).submit(count_to, "shelf")
    perform(settings, CATALOGUE, id)
    assert in_context(settings, read_operation, id).state == "succeeded"
    assert rows(settings, "SELECT DISTINCT actor, through, address FROM audit") == [
        ("olga", "web", "192.0.2.1")
    ]


def test_whose_role_does_not_reach_queues_nothing(settings: Settings) -> None:
    with pytest.raises(NotAllowed, match="operator"):
        Runner(Actor("vera", Role.VIEWER, "web"), settings).submit(count_to, "shelf")
    assert rows(settings, "SELECT (SELECT count(*) FROM operation) + (SELECT count(*) FROM audit)") == [(0,)]


def test_a_kind_that_this_worker_does_not_know_waits_for_another(settings: Settings) -> None:
    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    assert not perform(settings, {}, id)
    assert in_context(settings, read_operation, id).state == "queued"


def test_arguments_that_no_row_can_hold_are_refused(settings: Settings) -> None:
    with pytest.raises(TypeError):
        Runner(ADMIN, settings).submit(work_on, "shelf", lambda op: None)


def test_a_database_in_memory_has_no_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_ENV", "testing")
    monkeypatch.setenv("DATABASE_URL", "sqlite:///:memory:")
    with pytest.raises(Unsupported, match="memory"):
        Runner(ADMIN, load_settings()).submit(count_to, "shelf")


def test_a_failure_of_the_work_is_the_row_s_alone(settings: Settings) -> None:
    """The worker goes on with the next."""

    def broken(op: Operation) -> None:
        raise ZeroDivisionError

    id = Runner(ADMIN, settings).submit(count_to, "shelf")
    assert perform(settings, {"test.count": feature_of(broken)}, id)
    row = in_context(settings, read_operation, id)
    assert (row.state, row.error_code) == ("failed", "error")
    assert not rows(settings, "SELECT * FROM target_lock")


def add_user(name: str) -> int:
    with transaction() as session:
        user = User(username=name, email=f"{name}@example.com", name=name, password_hash="", role="operator")
        session.add(user)
        session.flush()
        return user.id


def add_token(user_id: int, prefix: str) -> None:
    with transaction() as session:
        row = ApiToken(id=new_id(), user_id=user_id, name="ci", prefix=prefix, hash="", role="operator")
        row.created_by, row.expires_at = "olga", utc_now() + timedelta(days=1)
        session.add(row)


def change_token(prefix: str, change: Mapping[str, object]) -> None:
    with transaction() as session:
        session.execute(update(ApiToken).where(ApiToken.prefix == prefix).values(dict(change, name="ci")))


def change_user(id: int, change: Mapping[str, object] | None) -> None:
    with transaction() as session:
        user = session.get_one(User, id)
        if change is None:
            session.delete(user)
        for name, value in (change or {}).items():
            setattr(user, name, value)
