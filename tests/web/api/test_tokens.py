"""Tokens at the API: made for the same user, never to outlive the one that makes them; listed; revoked."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import select

from models import ApiToken, OperationRecord, db
from tests.web.api.conftest import MakeProgram
from tests.web.api.program import Program, error_of, make_token
from tests.web.visitor import Visitor

TOKENS = "/api/v1/tokens"


def test_a_token_is_made_used_listed_and_revoked(console: Flask, program: MakeProgram) -> None:
    admin = program()
    answer = admin.post(TOKENS, json={"name": "deploy", "role": "operator", "days": 7})
    assert answer.status_code == 201
    made = answer.get_json()
    shown = {name: made["token"][name] for name in ("name", "username", "role", "state", "created_by")}
    assert shown == {"name": "deploy", "username": "mvogt", "role": "operator", "state": "active",
                     "created_by": "mvogt"}  # fmt: skip
    other = Program(console, made["text"])
    assert other.get("/api/v1/operations").status_code == 200
    listed = admin.get(TOKENS)
    assert [one["name"] for one in listed.get_json()["tokens"]] == ["deploy", "nightly"]
    with console.app_context():
        kept = db.session.scalars(select(ApiToken.hash)).all()
    assert not [secret for secret in (*kept, made["text"].split("_", 2)[2]) if secret in listed.text]
    gone = admin.delete(f"{TOKENS}/{made['token']['prefix']}")
    assert (gone.status_code, gone.get_json()["state"]) == (200, "revoked")
    assert other.get("/api/v1/operations").status_code == 401
    answer = admin.delete(f"{TOKENS}/{'0' * 12}")
    assert (answer.status_code, error_of(answer)["code"]) == (404, "not_found")


def test_s5_a_token_made_by_a_token_does_not_outlive_it(console: Flask, visitor: Visitor) -> None:
    """A stolen one must not live on in others, where a person would have to prove who they are."""
    caller = Program(console, make_token(console, days=30).text)
    answer = caller.post(TOKENS, json={"name": "longer", "days": 30})
    assert answer.status_code == 422
    assert "A token ends before the one that makes it" in error_of(answer)["message"]
    assert caller.post(TOKENS, json={"name": "usual"}).status_code == 422  # 90 days
    assert caller.post(TOKENS, json={"name": "shorter", "days": 29}).status_code == 201
    with console.app_context():
        done = db.session.query(OperationRecord).filter_by(kind="token.create", through="api").all()
        assert [one.state for one in done] == ["succeeded"]  # what is refused is no operation


def test_a_program_may_revoke_its_own(console: Flask, visitor: Visitor) -> None:
    made = make_token(console)
    caller = Program(console, made.text)
    assert caller.delete(f"{TOKENS}/{made.facts.prefix}").status_code == 200
    assert caller.get(TOKENS).status_code == 401
