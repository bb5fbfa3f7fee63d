"""API tokens in the tables of every dialect: made, used, capped, ended, revoked (TRUST S7, A5, A6)."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from core.actor import Actor, Role
from core.clock import utc_now
from core.errors import InvalidInput, NotAllowed, NotFound
from core.settings import Settings
from database.context import application_context
from features.throttling import TooManyTries
from features.token_rows import find_tokens, identify_token, list_tokens, read_token
from features.tokens import (
    NewToken,
    TokenRefused,
    authenticate_token,
    create_token,
    revoke_token,
)
from models import ApiToken, AuditEvent, OperationLine, OperationRecord, SignInFailure, User, db
from operations.runner import Runner

HERE = "192.0.2.7"
ADMIN = Actor("ines", Role.ADMIN, "web", HERE)


@pytest.fixture(autouse=True)
def _context(settings: Settings) -> Iterator[None]:
    with application_context(settings):
        add_user("maren", "admin")
        yield


def add_user(name: str, role: str = "operator") -> None:
    db.session.add(User(username=name, email=f"{name}@example.com", name=name, role=role))
    db.session.commit()


def make(settings: Settings, username: str = "maren", **changes: Any) -> NewToken:
    given: dict[str, Any] = {"name": "nightly", "role": "operator", "days": 30, "created_by": "ines"}
    return Runner(ADMIN, settings).run(create_token, username, **(given | changes))


def failures() -> int:
    return db.session.scalar(select(func.count()).select_from(SignInFailure)) or 0


def refused(text: str, **later: float) -> str:
    """What somebody who sends `text` is told, with the count of failures forgotten."""
    with pytest.raises(TokenRefused) as error:
        authenticate_token(text, HERE, utc_now() + timedelta(**later))
    db.session.query(SignInFailure).delete()
    db.session.commit()
    return str(error.value)


def test_s7_a_token_is_made_and_opens_for_its_user(settings: Settings) -> None:
    made = make(settings, " MAREN ", name=" nightly ")
    assert list_tokens() == (made.facts,)
    facts = made.facts
    assert (facts.name, facts.username, facts.created_by) == ("nightly", "maren", "ines")
    assert facts.expires_at - facts.created_at == timedelta(days=30)
    bearer = authenticate_token(made.text, HERE, utc_now())
    actor = bearer.actor
    assert (actor.name, actor.role, actor.through, actor.address) == ("maren", Role.OPERATOR, "api", HERE)
    assert (actor.user_id, bearer.prefix) == (facts.user_id, facts.prefix)
    assert bearer.expires_at == facts.expires_at
    assert failures() == 0


def test_s7_only_the_hash_is_kept_and_the_secret_stands_nowhere(
    settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[object] = []
    made = Runner(ADMIN, settings, told.append).run(
        create_token, "maren", "nightly", "viewer", 1, created_by="ines"
    )
    authenticate_token(made.text, HERE, utc_now())
    Runner(ADMIN, settings, told.append).run(revoke_token, made.facts.prefix, revoked_by="ines")
    secret = made.text.split("_", 2)[2]
    assert len(secret) == 43  # 256 bits
    row = db.session.scalars(select(ApiToken)).one()
    assert row.hash == hashlib.sha256(secret.encode()).hexdigest()
    rows = [vars(one) for model in (ApiToken, OperationRecord, OperationLine, AuditEvent)
            for one in db.session.scalars(select(model))]  # fmt: skip
    kept = [repr(one) for one in (*rows, *told, made, caplog.records, caplog.text)]
    assert len(rows) > 6 and not [text for text in kept if secret in text]


def test_s7_what_is_not_right_is_refused_alike(settings: Settings) -> None:
    """TRUST A6 too: never made, cut, expired, revoked, or of a user who was shut out."""
    good, other = make(settings), make(settings)
    words = refused("")
    wrong = good.text[:-1] + ("A" if good.text[-1] != "A" else "B")
    swapped = f"bk_{other.facts.prefix}_{good.text.split('_', 2)[2]}"
    for text in ("x\x00", "bk_", good.text[:-1], good.text + "x", good.text.upper(), wrong, swapped):
        assert refused(text) == words
    assert refused(good.text, days=30, seconds=5) == words
    Runner(ADMIN, settings).run(revoke_token, other.facts.prefix, revoked_by="ines")
    assert refused(other.text) == words
    db.session.execute(update(User).values(is_active=False))
    db.session.commit()
    assert refused(good.text) == words
    states = {one.prefix: one.state(utc_now()) for one in list_tokens()}
    assert states == {good.facts.prefix: "inactive", other.facts.prefix: "revoked"}
    assert good.facts.state(good.facts.expires_at) == "expired"


def test_z1_a_token_is_never_more_than_its_user_is_now(settings: Settings) -> None:
    made = make(settings, role="admin")
    for role in Role:
        db.session.execute(update(User).values(role=role))
        db.session.commit()
        assert authenticate_token(made.text, HERE, utc_now()).actor.role == role
    db.session.execute(update(ApiToken).values(role="viewer"))
    db.session.commit()
    assert authenticate_token(made.text, HERE, utc_now()).actor.role == Role.VIEWER


def test_s7_its_use_is_written_down_once_a_minute(settings: Settings) -> None:
    made, at = make(settings), utc_now()
    seen = []
    for seconds in (0, 59, 60, 61, 119, 121):
        authenticate_token(made.text, HERE, at + timedelta(seconds=seconds))
        used = read_token(made.facts.prefix).last_used_at
        assert used
        seen.append((used - at).total_seconds())
    assert seen == [0, 0, 60, 60, 60, 121]


def test_a5_bad_tokens_from_one_network_wait_and_good_ones_do_not(settings: Settings) -> None:
    made, at = make(settings), utc_now()
    for number in range(10):
        with pytest.raises(TokenRefused):
            authenticate_token("bk_none", f"192.0.2.{number}", at)
    for text in ("bk_none", made.text[:-1]):
        with pytest.raises(TooManyTries):
            authenticate_token(text, HERE, at)
    assert failures() == 10
    assert authenticate_token(made.text, HERE, at).actor.name == "maren"
    with pytest.raises(TokenRefused):
        authenticate_token("bk_none", "198.51.100.9", at)


def test_a_token_is_revoked_once(settings: Settings) -> None:
    prefix = make(settings).facts.prefix
    first = Runner(ADMIN, settings).run(revoke_token, prefix, revoked_by="ines")
    assert (first.state(utc_now()), first.revoked_by) == ("revoked", "ines")
    assert Runner(ADMIN, settings).run(revoke_token, prefix, revoked_by="maren") == first
    for unknown in ("0" * 12, "x\x00", ""):
        with pytest.raises(NotFound):
            read_token(unknown)


@pytest.mark.parametrize(
    "changes",
    [
        {"name": ""},
        {"name": "x" * 81},
        {"name": "a\x00b"},
        {"name": "a\ud800b"},
        {"name": "https://example.com"},
        {"days": 0},
        {"days": 366},
        {"role": "owner"},
        {"until": utc_now() + timedelta(days=29)},
    ],
)
def test_what_cannot_be_a_token_is_refused(settings: Settings, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        make(settings, **changes)
    assert list_tokens() == ()


def test_a_token_of_nobody_or_above_its_user_is_refused(settings: Settings) -> None:
    add_user("olav", "operator")
    for username in ("nobody", "x\x00", ""):
        with pytest.raises(NotFound):
            make(settings, username)
    with pytest.raises(InvalidInput, match="olav is operator"):
        make(settings, "olav", role="admin")
    with pytest.raises(NotAllowed):
        Runner(Actor("olav", Role.OPERATOR, "web"), settings).run(
            create_token, "maren", "n", "viewer", 1, created_by="olav"
        )
    assert list_tokens() == ()


def test_making_and_revoking_are_in_the_audit(settings: Settings) -> None:
    """TRUST L1."""
    prefix = make(settings).facts.prefix
    Runner(ADMIN, settings).run(revoke_token, prefix, revoked_by="ines", reason="It stood in a URL.")
    rows = db.session.execute(
        select(AuditEvent.action, AuditEvent.target, AuditEvent.event, AuditEvent.actor)
    )
    assert [tuple(row) for row in rows] == [
        (action, target, event, "ines")
        for action, target in (("token.create", "token nightly"), ("token.revoke", f"token {prefix}"))
        for event in ("intent", "outcome")
    ]
    said = db.session.scalars(select(OperationLine.message)).all()
    assert any(line.endswith("was revoked by ines. It stood in a URL.") for line in said)


def test_tokens_are_found_in_a_text_and_known_as_ours(settings: Settings) -> None:
    made = make(settings)
    stranger = f"bk_{'0' * 12}_{'A' * 43}"
    assert find_tokens(f"/x?token={made.text}&y={stranger}#bk_short") == (made.text, stranger)
    assert identify_token(made.text) == made.facts
    assert identify_token(stranger) is None
