"""What does harm wants a password given within five minutes (TRUST S2, S5)."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select, update

from core.actor import Role
from models import LoginSession, User, db
from tests.web.conftest import TestClock
from tests.web.visitor import PASSWORD, Visitor
from web.permissions import allow, fresh

NEW = "a walk along another river"
MINE = {"Referer": "http://localhost/danger?x=1"}


@pytest.fixture
def danger(console: Flask, clock: TestClock, admin: Visitor) -> Visitor:
    """The admin, signed in six minutes ago, on a console with a page that does harm."""
    clock.advance(minutes=6)
    console._got_first_request = False
    console.add_url_rule(
        "/danger", "danger", allow(Role.OPERATOR)(fresh(lambda: "done")), methods=["GET", "POST"]
    )
    return admin


def prove(visitor: Visitor, password: str = PASSWORD, path: str = "/prove?next=/danger"):
    return visitor.post(path, page="/prove", password=password)


def test_s5_after_five_minutes_the_password_is_asked_for(clock: TestClock, danger: Visitor) -> None:
    assert danger.get("/").status_code == 200
    assert danger.get("/danger?a=b").location == "/prove?next=/danger?a%3Db"
    assert prove(danger).location == "/danger"
    assert danger.get("/danger").text == "done"
    clock.advance(minutes=4, seconds=59)
    assert danger.get("/danger").text == "done"
    clock.advance(seconds=1)
    assert danger.get("/danger").status_code == 303


@pytest.mark.parametrize(
    ("headers", "location"),
    [
        (MINE, "/prove?next=/danger?x%3D1"),
        ({"Referer": "http://evil.example/danger"}, "/prove"),
        ({"Referer": "http://localhost//evil.example"}, "/prove"),
        ({}, "/prove"),
    ],
)
def test_s5_a_form_is_not_carried_out_and_leads_back_to_its_page(
    danger: Visitor, headers: dict[str, str], location: str
) -> None:
    answer = danger.client.post("/danger", data={"csrf_token": danger.csrf_token("/prove")}, headers=headers)
    assert (answer.status_code, answer.location) == (303, location)


def test_s3_a_new_password_ends_all_other_sessions(console: Flask, clock: TestClock, admin: Visitor) -> None:
    """The old one is asked for first."""
    visitor = Visitor(console)
    visitor.sign_in()
    assert visitor.get("/").status_code == 200
    clock.advance(minutes=6)
    assert admin.get("/password").location == "/prove?next=/password"
    assert admin.post("/password", "/prove", password=NEW).location == "/prove"
    assert prove(admin, path="/prove?next=/password").location == "/password"
    assert admin.post("/password", "/password", password="short").status_code == 422
    assert admin.post("/password", "/password", password=NEW).location == "/"
    assert (admin.get("/").status_code, visitor.get("/").status_code) == (200, 303)
    assert visitor.sign_in().status_code == 422
    assert visitor.sign_in(password=NEW).status_code == 303
    assert "user.set_password" in admin.get("/audit").text


def test_a_fragment_sends_the_whole_page_there(danger: Visitor) -> None:
    headers = {"HX-Request": "true", "HX-Current-URL": "http://localhost/danger?x=1"}
    answer = danger.get("/danger", headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/prove?next=/danger?x%3D1")


def test_s2_a_proof_changes_the_id_and_nothing_else(console: Flask, danger: Visitor) -> None:
    before, ends = danger.cookie().value, expiry(console)
    prove(danger)
    assert danger.cookie().value != before
    assert expiry(console) == ends
    thief = Visitor(console)
    thief.client.set_cookie("basekeeper-session", before)
    assert thief.get("/").status_code == 303


def test_a5_wrong_proofs_are_counted_with_wrong_sign_ins(console: Flask, danger: Visitor) -> None:
    token = danger.cookie().value
    said = [prove(danger, "not the password at all") for _ in range(11)]
    assert [answer.status_code for answer in said] == [422] * 10 + [429]
    assert "The password is wrong. 4 tries left before a pause of 5 minutes." in said[5].text
    assert said[10].headers["Retry-After"] == "300"
    assert prove(danger).status_code == 429
    assert danger.sign_in().status_code == 429
    assert danger.cookie().value == token
    assert danger.get("/danger").location.startswith("/prove")


@pytest.mark.parametrize("wanted", ["//evil", "/\\evil", "https://evil", "javascript:1"])
def test_w6_the_way_back_stays_on_the_site(danger: Visitor, wanted: str) -> None:
    assert prove(danger, path=f"/prove?next={wanted}").location == "/"


def test_z1_a_proof_is_no_role(console: Flask, danger: Visitor) -> None:
    with console.app_context():
        db.session.execute(update(User).values(role="viewer"))
        db.session.commit()
    assert danger.get("/danger").status_code == 403


def test_nobody_proves_for_another(console: Flask) -> None:
    assert Visitor(console).get("/prove").location == "/sign-in?next=/prove"


def expiry(console: Flask):
    with console.app_context():
        return db.session.scalars(select(LoginSession.expires_at)).one()
