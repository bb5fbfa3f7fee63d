"""People and records at the API: what pages do, programs do too, and what they are given is as described."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from tests.web.api.conftest import MakeProgram
from tests.web.api.program import Program, error_of
from tests.web.visitor import PASSWORD, Visitor

USERS = "/api/v1/users"


@pytest.fixture
def caller(program: MakeProgram) -> Program:
    return program()


def test_users_from_the_first_to_the_last(caller: Program) -> None:
    made = caller.post(USERS, json={"username": "ines", "email": "ines@example.com", "role": "operator"})
    assert made.status_code == 201 and "/set-password/" in made.get_json()["link"]
    ines = f"{USERS}/{made.get_json()['user']['id']}"
    assert caller.post(USERS, json={"username": "INES", "email": "x@example.com"}).status_code == 409
    assert caller.post(USERS, json={"username": "x", "email": "x@example.com"}).status_code == 422
    assert caller.patch(ines, json={"tier": "pro", "is_active": False}).status_code == 422  # TRUST Z4
    assert caller.patch(ines, json={"tier": "pro"}).get_json()["tier"] == "pro"

    first = caller.get(f"{USERS}?limit=1&sort=username").get_json()
    assert [one["username"] for one in first["users"]] == ["ines"] and first["total"]["rows"] >= 1
    second = caller.get(f"{USERS}?limit=1&sort=username&cursor={first['next_cursor']}").get_json()
    assert [one["username"] for one in second["users"]] == ["mvogt"] and second["next_cursor"] is None
    assert caller.get(f"{USERS}?cursor=x").status_code == 422
    assert caller.get(f"{USERS}?order=name").status_code == 422

    for deed, count in (("deactivate", 1), ("deactivate", 0), ("activate", 1)):
        assert caller.post(f"{USERS}/{deed}", json={"usernames": ["ines"]}).get_json() == {"changed": count}
    assert caller.post(f"{USERS}/activate", json={"usernames": []}).status_code == 422
    assert caller.post(f"{ines}/reset-password").status_code == 200
    assert caller.delete(f"{ines}/sessions").get_json() == {"changed": 0}
    assert caller.get(f"{USERS}/export?search=in").text.count("ines@example.com") == 1
    assert caller.get(f"{USERS}/{2**62}").status_code == 404


def test_a_token_makes_and_takes_over_no_admin(caller: Program) -> None:
    """A stolen one would live on in them (TRUST S5)."""
    made = caller.post(USERS, json={"username": "ines", "email": "ines@example.com"})
    ines = f"{USERS}/{made.get_json()['user']['id']}"
    named = {"usernames": ["ines", "MVOGT"]}
    for answer in (
        caller.post(USERS, json={"username": "eve", "email": "eve@example.com", "role": "admin"}),
        caller.patch(ines, json={"role": "admin"}),
        caller.patch(f"{USERS}/1", json={"role": "viewer"}),
        caller.patch(f"{USERS}/1", json={"email": "eve@example.com"}),
        caller.post(f"{USERS}/1/reset-password"),
        caller.delete(f"{USERS}/1/sessions"),
        caller.post(f"{USERS}/activate", json=named),
        caller.post(f"{USERS}/deactivate", json=named),
    ):
        assert answer.status_code == 403 and "browser" in error_of(answer)["hint"]
    assert [one["role"] for one in caller.get(USERS).get_json()["users"]] == ["admin", "viewer"]


def test_records_are_as_the_document_says(console: Flask, admin: Visitor, caller: Program) -> None:
    made = caller.post(USERS, json={"username": "ines", "email": "ines@example.com"})
    ines = Visitor(console)
    link = "/set-password/" + made.get_json()["link"].rpartition("/")[2]
    assert ines.post(link, link, password=PASSWORD).status_code == 303
    caller.post(f"{USERS}/{made.get_json()['user']['id']}/reset-password")
    assert ines.sign_in("ines").status_code == 422  # their password is gone
    document: dict[str, Any] = caller.get("/api/openapi.json").get_json()
    for path in ("users", "online", "activity", "audit", "operations"):
        answer = caller.get(f"/api/v1/{path}?limit=1")
        schema = document["paths"][f"/api/v1/{path}"]["get"]["responses"]["200"]["content"]
        whole = {**schema["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(whole).validate(answer.get_json())
    activity = caller.get("/api/v1/activity?user=ines&until=2999-01-01T00:00:00%2B00:00").get_json()
    assert [one["action"] for one in activity["activity"]] == ["logout", "login"]
    assert caller.get("/api/v1/activity?since=2999-01-01T00:00:00").status_code == 422  # a moment has a zone
    for path in ("activity", "audit", "operations"):
        for moment in ("since=0001-01-01T00:00:00%2B14:00", "until=9999-12-31T23:59:59-14:00"):
            assert caller.get(f"/api/v1/{path}?{moment}").status_code == 422
    deeds = caller.get("/api/v1/audit?action=user.reset_password").get_json()["deeds"]
    assert [one["outcome"] for one in deeds] == ["succeeded"] and deeds[0]["actor"] == "mvogt"
    assert "user.reset_password" in caller.get("/api/v1/audit/export?form=json").text
    assert caller.get("/api/v1/operations?kind=user.reset_password&actor=mvogt").get_json()["operations"]
    assert caller.get("/api/v1/operations?since=2999-01-01T00:00:00Z").get_json()["operations"] == []
    again = caller.post(f"/api/v1/operations/{deeds[0]['operation_id']}/again")
    assert again.status_code == 409
    queued = caller.post("/api/v1/audit/verify").get_json()["operation"]
    assert caller.post(f"/api/v1/operations/{queued}/again").status_code == 409  # it has not ended
