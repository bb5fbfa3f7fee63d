"""Migrations in the browser and at the API: the plan, its confirmation, the run, and what is written down."""

from __future__ import annotations

import re
from threading import Event

import pytest
from flask import Flask

from core.errors import ConnectionTimeout
from core.settings import Settings
from database.revisions import head_revision, known_revisions
from jobs.catalogue import CATALOGUE
from operations.performing import perform
from operations.store import read_operation
from tests.web.api.conftest import MakeProgram
from tests.web.api.program import error_of
from tests.web.visitor import Visitor
from web.settings import settings_of

ADDRESS = "/migrations/new?target=-1"


def test_an_admin_undoes_one_in_the_browser_and_a_program_applies_it_again(
    console: Flask, admin: Visitor, program: MakeProgram
) -> None:
    settings = settings_of(console)
    page = admin.get("/migrations").text
    assert head_revision() in page
    assert "at the newest revision" in page
    plan = admin.get(ADDRESS).text
    wanted = {name: _hidden(plan, name) for name in ("database", "target", "plan_hash")}
    wanted["confirmation"] = wanted["database"]
    assert wanted["target"] == known_revisions()[-2].id
    assert "DROP " in plan  # the newest one made something
    for wrong, status in (({"confirmation": "shop"}, 422), ({"plan_hash": "0" * 64}, 409)):
        answer = admin.post("/migrations", page=ADDRESS, **(wanted | wrong))
        assert answer.status_code == status, wrong
    started = admin.post("/migrations", page=ADDRESS, **wanted)
    assert started.status_code == 303
    _run(console, settings, started.location)
    assert "1</dd>" in admin.get("/migrations").text  # pending

    caller = program("admin")
    known = caller.ask("GET", "/api/admin/database/status").get_json()
    assert [one["id"] for one in known["pending"]] == [head_revision()]
    assert program("viewer").ask("POST", "/api/admin/database/migrate", json={}).status_code == 403
    dry = caller.ask("POST", "/api/admin/database/migrate", json={"dry_run": True})
    assert dry.status_code == 200
    assert dry.get_json()["revisions"][0]["statements"][0]["kind"] in ("create table", "add column")
    undoing = caller.ask("POST", "/api/admin/database/migrate", json={"target": "-1"})
    assert (undoing.status_code, error_of(undoing)["code"]) == (403, "not_confirmed")
    nothing = caller.ask("POST", "/api/admin/database/migrate", json={"target": "nope"})
    assert nothing.status_code == 422
    answer = caller.ask(
        "POST", "/api/admin/database/migrate", json={"plan_hash": dry.get_json()["plan_hash"]}
    )
    assert answer.status_code == 202
    _run(console, settings, answer.get_json()["operation"])
    after = caller.ask("GET", "/api/admin/database/status").get_json()
    assert (after["pending"], after["drift"], after["current"]) == ([], [], [head_revision()])
    page = admin.get("/migrations").text
    assert dry.get_json()["plan_hash"][:8] in page
    assert "Succeeded" in page


def test_a_server_that_hangs_is_asked_once_and_holds_nobody_up(
    admin: Visitor, program: MakeProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked, go = [], Event()

    def hang(*_: object, **__: object) -> None:
        asked.append(1)
        go.wait(60)
        raise ConnectionTimeout("Gone.")

    monkeypatch.setattr("web.snapshots.PATIENCE", 0.1)
    monkeypatch.setattr("features.migration_status.read_state", hang)
    try:
        assert "does not answer in time" in admin.get("/migrations").text
        answer = program("viewer").ask("GET", "/api/admin/database/status")
        assert error_of(answer)["code"] == ConnectionTimeout.code
        assert len(asked) == 1
    finally:
        go.set()


def _run(console: Flask, settings: Settings, place: str) -> None:
    """Perform the queued operation, and see that it went well."""
    id = place.rsplit("/", 1)[-1]
    with console.app_context():
        assert perform(settings, CATALOGUE, id)
        found = read_operation(id)
        assert found.state == "succeeded", found


def _hidden(page: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]
