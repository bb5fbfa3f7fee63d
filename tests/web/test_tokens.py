"""The pages of API tokens: made, shown once, listed, revoked (TRUST S5, S7)."""

from __future__ import annotations

import logging
import re

import pytest
from flask import Flask
from sqlalchemy import select, update

from features.token_rows import list_tokens
from models import ApiToken, AuditEvent, OperationLine, OperationRecord, User, db
from tests.web.api.program import Program, make_token
from tests.web.conftest import TestClock
from tests.web.visitor import Visitor

WANTED = {"name": "nightly check", "role": "operator", "days": "30"}
_TOKEN = re.compile(r"bk_[0-9a-f]{12}_[\w-]{43}")


def test_s7_a_token_is_shown_once_and_stands_nowhere_else(
    console: Flask, admin: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    answer = admin.post("/tokens", "/tokens/new", **WANTED)
    assert answer.status_code == 200 and answer.headers["Cache-Control"] == "no-store"
    (text,) = set(_TOKEN.findall(answer.text))
    assert Program(console, text).get("/api/v1/operations").status_code == 200
    later = [admin.get(path) for path in ("/tokens", "/", "/operations", "/audit", "/tokens/new")]
    secret = text.split("_", 2)[2]
    seen = [page.text + str(page.headers) for page in later]
    seen += [
        str(answer.headers),
        caplog.text,
        *(str(admin.cookie(f"basekeeper-{name}")) for name in ("form", "session")),
    ]
    with console.app_context():
        seen += [repr(vars(row)) for model in (ApiToken, OperationRecord, OperationLine, AuditEvent)
                 for row in db.session.scalars(select(model))]  # fmt: skip
    assert not [one for one in seen if secret in one]


def test_the_list_says_whose_they_are_and_how_they_stand(
    console: Flask, admin: Visitor, clock: TestClock
) -> None:
    assert "No token was made yet" in admin.get("/tokens").text
    admin.post("/tokens", "/tokens/new", **WANTED)
    used = make_token(console, "admin", name="used")
    Program(console, used.text).get("/api/v1/operations")
    page = admin.get("/tokens").text
    assert page.index("used") < page.index("nightly check")
    assert page.count("Active") == 2 and page.count(">never<") == 1
    with console.app_context():
        db.session.execute(update(User).values(role="operator"))
        db.session.commit()
        assert [one.least_role for one in list_tokens()] == ["operator", "operator"]
        db.session.execute(update(User).values(role="admin"))
        db.session.commit()
    clock.advance(days=40)
    admin.sign_in()
    page = admin.get("/tokens").text
    assert page.count("Expired") == 2 and "Revoke…" not in page


def test_a_token_is_revoked_after_a_question(console: Flask, admin: Visitor) -> None:
    made = make_token(console)
    prefix = made.facts.prefix
    asks = admin.get(f"/tokens/{prefix}/revoke").text
    assert f"bk_{prefix}_" in asks and "It was never used." in asks
    assert Program(console, made.text).get("/api/v1/tokens").status_code == 200
    answer = admin.post(f"/tokens/{prefix}/revoke", f"/tokens/{prefix}/revoke")
    assert (answer.status_code, answer.location) == (303, "/tokens")
    page = admin.get("/tokens").text
    assert "nightly opens nothing any more." in page and "Revoked" in page
    assert Program(console, made.text).get("/api/v1/tokens").status_code == 401
    for path in ("/tokens/000000000000/revoke", "/tokens/%00/revoke"):
        assert admin.get(path).status_code == 404


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": ""}, "A name has 1 to 80 characters"),
        ({"name": "https://example.com"}, "is no URL"),
        ({"days": "0"}, "1 to 365 days."),
        ({"days": "366"}, "1 to 365 days."),
        ({"days": "x"}, "Not a valid integer value."),
        ({"role": "owner"}, "Not a valid choice."),
        ({"username": "root"}, "The form has no field"),
        ({"created_by": "root"}, "The form has no field"),
    ],
)
def test_z4_what_is_wrong_is_said_and_nothing_is_made(
    console: Flask, admin: Visitor, changes: dict[str, str], said: str
) -> None:
    answer = admin.post("/tokens", "/tokens/new", **(WANTED | changes))
    assert answer.status_code == 422 and said in answer.text
    with console.app_context():
        assert list_tokens() == ()
        assert db.session.query(OperationRecord).count() == 0


def test_s5_making_and_revoking_want_a_fresh_proof(console: Flask, admin: Visitor, clock: TestClock) -> None:
    made = make_token(console)
    prefix = made.facts.prefix
    fields = WANTED | {"csrf_token": admin.csrf_token("/tokens/new")}
    clock.advance(minutes=6)
    assert admin.get("/tokens").status_code == 200
    for answer in (
        admin.get("/tokens/new"),
        admin.client.post("/tokens", data=fields),
        admin.get(f"/tokens/{prefix}/revoke"),
        admin.client.post(f"/tokens/{prefix}/revoke", data={"csrf_token": fields["csrf_token"]}),
    ):
        assert answer.status_code == 303 and answer.location.startswith("/prove")
    with console.app_context():
        assert [one.revoked_at for one in list_tokens()] == [None]


def test_z1_the_account_menu_leads_there_for_admins_only(console: Flask, admin: Visitor) -> None:
    assert 'href="/tokens"' in admin.get("/").text
    with console.app_context():
        db.session.execute(update(User).values(role="operator"))
        db.session.commit()
    assert 'href="/tokens"' not in admin.get("/").text
