"""The token is taken from the Authorization header and from nowhere else (TRUST S7, S8, A5, A6)."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update

from features.token_rows import read_token
from models import ApiToken, AuditEvent, SignInFailure, User, db
from tests.web.api.conftest import MakeProgram
from tests.web.api.program import Program, error_of, make_token
from tests.web.conftest import TestClock
from tests.web.visitor import PASSWORD, Visitor

PATH = "/api/v1/operations"


def test_s7_the_header_is_read_and_nothing_else(console: Flask, visitor: Visitor) -> None:
    text = make_token(console).text
    assert Program(console, text).get(PATH).status_code == 200
    assert Program(console).get(PATH, headers={"Authorization": f"bearer {text}"}).status_code == 200
    basic = {"auth": ("mvogt", text)}
    for more in (
        {"headers": {"Authorization": text}},
        {"headers": {"Authorization": f"Token {text}"}},
        {"headers": {"Authorization": "Bearer"}},
        {"headers": {"Authorization": "Bearer \u00e9"}},
        {"headers": {"X-Api-Key": text}},
        {"headers": {"Cookie": f"token={text}; basekeeper-session={text}"}},
        {"json": {"token": text, "access_token": text}},
        {"data": {"access_token": text}},
        basic,
    ):
        answer = Program(console).get(PATH, **more)
        assert answer.status_code == 401, more
        assert answer.headers["WWW-Authenticate"] == "Bearer"


def test_s8_a_page_is_not_opened_by_a_token(console: Flask, visitor: Visitor) -> None:
    """Nor does a bearer in the body stand for a form's CSRF token."""
    text = make_token(console).text
    assert visitor.get("/", headers={"Authorization": f"Bearer {text}"}).status_code == 303
    visitor.sign_in()
    answer = visitor.client.post(
        "/sign-out-everywhere", data={"token": text}, headers={"Authorization": f"Bearer {text}"}
    )
    assert answer.status_code == 403
    assert visitor.get("/").status_code == 200


@pytest.mark.parametrize(
    "address",
    [
        "/api/v1/operations?token={}",
        "/api/v1/operations?x=1&access_token={}&y=2",
        "/api/v1/nothing/{}",
        "/operations?state={}",
        "/sign-in?next=/{}",
    ],
)
@pytest.mark.parametrize("hidden", [False, True])
def test_s7_in_an_address_it_is_refused_and_revoked(
    console: Flask, visitor: Visitor, address: str, hidden: bool
) -> None:
    made, caller = make_token(console), Program(console)
    written = made.text.replace("_", "%5F") if hidden else made.text
    answer = visitor.get(address.format(written))
    assert answer.status_code == 400 and made.text not in answer.text
    if address.startswith("/api/"):
        assert error_of(answer)["code"] == "token_in_url"
    with console.app_context():
        facts = read_token(made.facts.prefix)
        assert facts.revoked_at and facts.revoked_by == "basekeeper"
        last = db.session.scalars(select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert last and (last.action, last.actor, last.through) == ("token.revoke", "basekeeper", "api")
        assert last.address == "127.0.0.1"
    caller.headers = {"Authorization": f"Bearer {made.text}"}
    assert caller.get(PATH).status_code == 401
    assert visitor.get(address.format(written)).status_code == 400  # and once is enough
    with console.app_context():
        assert len(db.session.scalars(select(AuditEvent).where(AuditEvent.id > last.id)).all()) == 0


def test_s7_who_knows_a_prefix_revokes_nothing(console: Flask, visitor: Visitor) -> None:
    made = make_token(console)
    guessed = f"bk_{made.facts.prefix}_{'A' * 43}"
    assert visitor.get(f"{PATH}?token={guessed}").status_code == 400
    assert Program(console, made.text).get(PATH).status_code == 200


def test_a5_bad_tokens_wait_good_ones_do_not(console: Flask, visitor: Visitor) -> None:
    made = make_token(console)
    bad = Program(console, made.text[:-1])
    assert [bad.get(PATH).status_code for _ in range(11)] == [401] * 10 + [429]
    answer = bad.get(PATH)
    assert error_of(answer)["code"] == "too_many_tries"
    assert int(answer.headers["Retry-After"]) > 200
    assert Program(console, made.text).get(PATH).status_code == 200
    assert Program(console).get(PATH).status_code == 401  # who sends none has not tried
    with console.app_context():
        assert db.session.query(SignInFailure).count() == 10


def test_a6_who_is_shut_out_or_demoted_is_so_at_once(console: Flask, program: MakeProgram) -> None:
    caller = program("admin")
    assert caller.get("/api/v1/tokens").status_code == 200
    for role, status in (("operator", 403), ("viewer", 403), ("admin", 200)):
        with console.app_context():
            db.session.execute(update(User).values(role=role))
            db.session.commit()
        assert caller.get("/api/v1/tokens").status_code == status
    with console.app_context():
        db.session.execute(update(User).values(is_active=False))
        db.session.commit()
    assert caller.get(PATH).status_code == 401


def test_s7_a_token_ends_by_the_servers_clock(console: Flask, visitor: Visitor, clock: TestClock) -> None:
    caller = Program(console, make_token(console, days=1).text)
    clock.advance(hours=23, minutes=59)
    assert caller.get(PATH).status_code == 200
    clock.advance(minutes=2)
    assert caller.get(PATH).status_code == 401


def test_w3_asking_twice_changes_nothing_but_the_last_use(
    console: Flask, visitor: Visitor, clock: TestClock
) -> None:
    made = make_token(console)
    caller = Program(console, made.text)

    def seen() -> list[object]:
        with console.app_context():
            return [db.session.scalar(select(ApiToken.last_used_at)), db.session.query(AuditEvent).count()]

    caller.get(PATH)
    before = seen()
    clock.advance(seconds=59)
    for path in (PATH, "/api/v1/databases", "/api/v1/tokens", "/api/openapi.json"):
        assert caller.get(path).status_code == 200
    assert seen() == before
    clock.advance(seconds=2)
    caller.get(PATH)
    assert seen() != before and seen()[1] == before[1]


def test_w4_w7_other_sites_and_names_are_refused_here_too(console: Flask, program: MakeProgram) -> None:
    caller, wanted = program(), {"name": "x"}
    answer = caller.post("/api/v1/tokens", json=wanted, headers={"Origin": "https://evil.example"})
    assert (answer.status_code, error_of(answer)["code"]) == (403, "not_allowed")
    answer = caller.get(PATH, headers={"Host": "evil"})
    assert answer.status_code == 400 and "evil" not in answer.text
    assert error_of(answer)["code"] == "bad_request"
    assert PASSWORD not in answer.text
