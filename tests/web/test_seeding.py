"""The Seeding page and the API beside it: look, seed, watch, undo, and what they refuse."""

from __future__ import annotations

from flask import Flask
from sqlalchemy import func, select

from core.settings import Environment
from features.seeding import CLEAN_FIRST, list_runs
from jobs.catalogue import CATALOGUE
from models import SshProfile, User, db
from operations.performing import perform
from tests.web.api.program import Program, error_of, make_token
from tests.web.conftest import MakeApp, TestClock
from tests.web.visitor import PASSWORD, Visitor, add_first_admin
from web.settings import settings_of

NOTHING = dict.fromkeys(("users", "ssh", "commands", "sessions", "sync"), "")


def carry_out(console: Flask, id: str) -> None:
    """What a worker does with what was queued."""
    perform(settings_of(console), CATALOGUE, id)


def count(console: Flask, model: type[User | SshProfile] = User) -> int:
    with console.app_context():
        return db.session.scalar(select(func.count()).select_from(model)) or 0


def test_an_admin_looks_seeds_and_undoes(console: Flask, admin: Visitor, clock: TestClock) -> None:
    assert "Nothing was seeded yet" in admin.get("/seeding").text
    assert admin.get("/seeding?database=notes").status_code == 404
    looked = admin.post("/seeding/estimate", "/seeding", **NOTHING | {"users": "300", "mode": "add"})
    assert (
        looked.status_code == 200
        and '<dt>Rows</dt><dd class="">300</dd>' in looked.text
        and count(console) == 1
    )
    refused = admin.post("/seeding", "/seeding", **NOTHING | {"users": "20000", "mode": "add"})
    assert refused.status_code == 422 and "above 10,000 rows" in refused.text
    assert admin.post("/seeding", "/seeding", **NOTHING | {"mode": "add"}).status_code == 422

    wanted = NOTHING | {"users": "300", "ssh": "500", "mode": "add", "number": "7"}
    sent = admin.post("/seeding", "/seeding", **wanted)
    assert sent.status_code == 303, sent.text
    carry_out(console, sent.location.removeprefix("/operations/"))
    assert (count(console), count(console, SshProfile)) == (301, 500)
    assert 'href="/seeding">Open Seeding' in admin.get(sent.location).text
    page = admin.get("/seeding").text
    assert "users 300, ssh 500" in page

    cleaning = wanted | {"mode": CLEAN_FIRST}
    for path in ("/seeding/estimate", "/seeding"):
        asked = admin.post(path, "/seeding", **cleaning)
        assert "Remove 500 rows of ssh_profile and 300 rows of user first" in asked.text
    assert asked.status_code == 422 and "Tick that below" in asked.text

    with console.app_context():
        (run,) = list_runs(settings_of(console).database.name)
    undo = f"/seeding/{run.id}/undo"
    clock.advance(minutes=6)  # TRUST S5: what takes rows out wants a password of a moment ago
    sent = admin.post("/seeding", "/seeding", **cleaning | {"removes": "y"})
    assert sent.location == "/prove?next=/seeding"
    assert admin.get(undo).location == f"/prove?next={undo}"
    assert admin.post(undo, "/seeding").location == "/prove" and count(console) == 301
    assert admin.post(f"/prove?next={undo}", "/prove", password=PASSWORD).location == undo
    confirmation = admin.get(undo).text
    assert "Remove 800 seeded rows" in confirmation and f"seed --undo {run.id}" in confirmation
    carry_out(console, admin.post(undo, undo).location.removeprefix("/operations/"))
    assert (count(console), count(console, SshProfile)) == (1, 0)
    assert "undone " in admin.get("/seeding").text
    assert admin.get(undo).status_code == 303


def test_a_program_seeds_counts_and_cleans(console: Flask, visitor: Visitor) -> None:
    caller = Program(console, make_token(console).text)
    seed = "/api/admin/database/seed"
    elsewhere = caller.post(seed, json={"environment": "staging"})
    assert elsewhere.status_code == 409 and "staging" in error_of(elsewhere)["message"]
    for wrong in ({"seed_type": "cats"}, {"count": 0}, {"count": 20_000}, {"cats": 3}):
        assert caller.post(seed, json=wrong).status_code == 422, wrong

    body = {"seed_type": "users", "count": 5, "environment": "development", "use_upsert": True}
    sent = caller.post(seed, json=body)
    assert sent.status_code == 202
    carry_out(console, sent.get_json()["operation"])
    scenario = {
        "scenario": "user_onboarding",
        "parameters": {"user_count": 4, "ssh_profiles_per_user": 3},
    }
    sent = caller.post("/api/dev/test-data/generate", json=scenario)
    assert sent.status_code == 202
    carry_out(console, sent.get_json()["operation"])
    with console.app_context():
        each = select(func.count()).select_from(SshProfile).group_by(SshProfile.user_id)
        assert list(db.session.scalars(each)) == [3, 3, 3, 3]
    told = caller.get("/api/admin/database/stats").get_json()
    assert {one["type"]: one["seeded"] for one in told["tables"]}["users"] == 9
    assert [run["mode"] for run in told["runs"]] == ["scenario", "upsert"]

    for users, left in ((False, 10), (True, 1)):
        body = {"older_than_hours": 0, "include_test_users": users, "data_types": ["users", "ssh"]}
        carry_out(console, caller.post("/api/dev/cleanup", json=body).get_json()["operation"])
        assert (count(console), count(console, SshProfile)) == (left, 0)


def test_production_has_no_test_data_and_wants_its_name(make_app: MakeApp, sqlite_schema_url: str) -> None:
    console = make_app(sqlite_schema_url, flask_env=Environment.PRODUCTION)
    add_first_admin(console)
    caller = Program(console, make_token(console).text)
    for path in ("test-data/generate", "cleanup"):
        assert caller.post(f"/api/dev/{path}", json={}).status_code == 404
    unnamed = caller.post("/api/admin/database/seed", json={"count": 1})
    assert unnamed.status_code == 403 and "confirm_name" in error_of(unnamed)["hint"]
