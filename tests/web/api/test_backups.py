"""Backups at the API: listed, shown with evidence, taken, proven, pinned, restored, pruned (TRUST Z4)."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from core.actor import Actor, Role
from core.clock import utc_now
from core.naming import new_id
from features.backup_verification import verify_backup
from features.backups import create_backup
from models import OperationRecord, Replacement, db
from operations.runner import Runner
from tests.features.backing import add_backup
from tests.servers import Server
from tests.web.api.conftest import MakeProgram
from tests.web.api.program import Program, error_of, make_token
from tests.web.conftest import MakeApp
from tests.web.visitor import add_first_admin
from web.settings import settings_of

LIST = "/api/v1/backups"


def queued(console: Flask) -> list[tuple[str, str, dict[str, Any] | None]]:
    """What waits for a worker: kind, target, arguments."""
    with console.app_context():
        rows = db.session.query(OperationRecord).filter_by(state="queued").order_by(OperationRecord.id)
        return [(row.kind, row.target, row.arguments) for row in rows]


@pytest.fixture
def shop(console: Flask, program: MakeProgram) -> list[str]:
    """The ids of three backups of shop: equal, damaged, stored; the newest first."""
    with console.app_context():
        return [
            add_backup("shop", days=days, level=level).id
            for days, level in ((1, "equal"), (2, "damaged"), (3, "stored"))
        ]


@pytest.fixture
def taken(make_app: MakeApp, server: Server, database_url: str) -> tuple[Flask, str]:
    """A console on each kind of server, and the id of a real backup of it, proven equal."""
    console = make_app(database_url, client_tools_path=server.tools)
    add_first_admin(console)
    runner = Runner(Actor("mvogt", Role.ADMIN, "cli"), settings_of(console))
    with console.app_context():
        made = runner.run(create_backup, settings_of(console).database.name, made_by="mvogt")
        return console, runner.run(verify_backup, made.name).id


def test_they_are_listed_by_database_and_proof_and_go_on_by_keyset(
    program: MakeProgram, shop: list[str]
) -> None:
    caller = program("viewer")
    whole = caller.get(f"{LIST}?database=shop").get_json()
    assert [one["id"] for one in whole["backups"]] == shop
    assert whole["counts"] == {"all": 3, "verified": 1, "not_verified": 1, "damaged": 1}
    assert whole["next_cursor"] is None
    first = whole["backups"][0]
    assert (first["level"], first["is_verified"], first["url"]) == ("equal", True, f"{LIST}/{shop[0]}")
    assert first["taken_at"].endswith("+00:00") and first["kept_until"] > first["taken_at"]
    damaged = caller.get(f"{LIST}?proof=damaged").get_json()["backups"]
    assert [one["id"] for one in damaged] == [shop[1]]
    part = caller.get(f"{LIST}?limit=2").get_json()
    rest = caller.get(f"{LIST}?limit=2&cursor={part['next_cursor']}").get_json()
    assert [one["id"] for one in part["backups"] + rest["backups"]] == shop
    assert caller.get(f"{LIST}?database=nobody").get_json()["backups"] == []


@pytest.mark.parametrize("query", ["proof=good", "limit=0", "limit=201", "cursor=x", "sort=size", "days=3"])
def test_z4_what_nobody_asked_for_in_a_list_is_refused(program: MakeProgram, query: str) -> None:
    assert program("viewer").get(f"{LIST}?{query}").status_code == 422


def test_one_says_what_was_seen_of_it(taken: tuple[Flask, str]) -> None:
    console, id = taken
    shown = Program(console, make_token(console, "viewer").text).get(f"{LIST}/{id}").get_json()
    assert (shown["backup"]["level"], shown["backup"]["is_own"], shown["fault"]) == ("equal", True, "")
    levels = [seen["level"] for seen in shown["evidence"]]
    assert levels == ["stored", "intact", "readable", "restored", "equal"]
    tables = {
        table["name"].rpartition(".")[2].strip('"`'): table["rows"] for table in shown["manifest"]["tables"]
    }
    assert tables["user"] == 1
    (data,) = [file for file in shown["manifest"]["files"] if file["part"] == "data"]
    assert (data["size"], data["sha256"]) == (shown["backup"]["size"], shown["backup"]["sha256"])


def test_one_is_taken_by_a_worker(console: Flask, program: MakeProgram) -> None:
    own = settings_of(console).database.name
    answer = program("operator").post(LIST, json={"note": "before the sale", "tables": ["user"]})
    assert answer.status_code == 202, answer.text
    assert answer.headers["Location"] == f"/api/v1/operations/{answer.get_json()['operation']}"
    ((kind, target, arguments),) = queued(console)
    assert (kind, target) == ("backup.create", own)
    assert arguments is not None
    assert (arguments["made_by"], arguments["note"], arguments["tables"]) == (
        "mvogt",
        "before the sale",
        ["user"],
    )
    again = program("operator").post(LIST, json={})
    assert (again.status_code, error_of(again)["code"]) == (409, "target_busy")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"database": "nobody"}, 404),
        ({"made_by": "root"}, 422),
        ({"reason": "schedule"}, 422),
        ({"tables": "user"}, 422),
        ({"note": "x" * 1001}, 422),
        ({"path": "/etc/passwd"}, 422),
    ],
)
def test_z4_what_may_not_be_said_of_a_new_one_is_refused(
    console: Flask, program: MakeProgram, body: dict[str, Any], status: int
) -> None:
    assert program().post(LIST, json=body).status_code == status
    assert queued(console) == []


def test_one_is_proven_by_a_worker(console: Flask, program: MakeProgram, shop: list[str]) -> None:
    answer = program("operator").post(f"{LIST}/{shop[2]}/verify", json={"level": "healthy"})
    assert answer.status_code == 202
    assert [(kind, (arguments or {})["level"]) for kind, _, arguments in queued(console)] == [
        ("backup.verify", "healthy")
    ]
    for body in ({"level": "stored"}, {"level": "soon"}, {"depth": 3}):
        assert program("operator").post(f"{LIST}/{shop[0]}/verify", json=body).status_code == 422


def test_one_is_pinned_and_let_go_again(program: MakeProgram, shop: list[str]) -> None:
    caller = program("operator")
    pinned = caller.patch(f"{LIST}/{shop[2]}", json={"is_pinned": True})
    assert (pinned.status_code, pinned.get_json()["kept_until"]) == (200, None)
    assert caller.patch(f"{LIST}/{shop[2]}", json={"is_pinned": False}).get_json()["is_pinned"] is False
    for body in ({}, {"is_pinned": True, "level": "equal"}, {"level": "healthy"}):
        assert caller.patch(f"{LIST}/{shop[2]}", json=body).status_code == 422
    assert program("viewer").patch(f"{LIST}/{shop[2]}", json={"is_pinned": True}).status_code == 403


@pytest.mark.parametrize(
    ("method", "rest"), [("GET", ""), ("PATCH", ""), ("POST", "/verify"), ("GET", "/restore-plan")]
)
def test_one_that_is_not_there(program: MakeProgram, method: str, rest: str) -> None:
    body = {"json": {"is_pinned": True}} if method == "PATCH" else {}
    answer = program().ask(method, f"{LIST}/{new_id()}{rest}", **body)
    assert answer.status_code == 404 and "no backup" in error_of(answer)["message"]


def test_a_restore_has_a_plan_and_wants_the_database_named(taken: tuple[Flask, str]) -> None:
    console, id = taken
    own = settings_of(console).database.name
    caller = Program(console, make_token(console, "admin").text)
    plan = caller.get(f"{LIST}/{id}/restore-plan")
    assert plan.status_code == 200, plan.text
    said = plan.get_json()
    assert (said["database"], said["is_possible"], said["revision"]) == (own, True, "the same")
    assert said["steps"] and said["undo_until"] and said["backup"]["id"] == id
    nothing = caller.post(f"{LIST}/{id}/restore", json={})
    assert nothing.status_code == 422 and "neither" in error_of(nothing)["message"]
    assert caller.post(f"{LIST}/{id}/restore", json={"database": "another"}).status_code == 404
    assert caller.post(f"{LIST}/{id}/restore", json={"database": own, "force": True}).status_code == 422
    assert queued(console) == []
    answer = caller.post(f"{LIST}/{id}/restore", json={"database": own})
    assert answer.status_code == 202, answer.text
    ((kind, _, arguments),) = queued(console)
    assert kind == "backup.restore" and arguments is not None
    assert (arguments["database"], arguments["made_by"], arguments["new_name"]) == (own, "mvogt", "")
    operator = Program(console, make_token(console, "operator").text)
    assert operator.post(f"{LIST}/{id}/restore", json={"database": own}).status_code == 403


def test_what_would_go_is_shown_before_it_goes(console: Flask, program: MakeProgram) -> None:
    with console.app_context():
        old = add_backup("shop", days=90, level="stored").id
        for days in (1, 2, 3):
            add_backup("shop", days=days)
    caller = program()
    plan = caller.get(f"{LIST}/prune?days=30").get_json()
    assert (plan["days"], [one["backup"]["id"] for one in plan["doomed"]], plan["halted"]) == (30, [old], "")
    assert plan["doomed"][0]["reason"] and plan["freed_bytes"] == plan["doomed"][0]["backup"]["size"]
    assert caller.get(f"{LIST}/prune?days=0").status_code == 422
    assert program("operator").post(f"{LIST}/prune").status_code == 403
    assert caller.post(f"{LIST}/prune", json={"days": 30}).status_code == 202
    assert [(kind, arguments) for kind, _, arguments in queued(console)] == [("backup.prune", {"days": 30})]


def test_a_restore_is_undone_by_naming_its_database(console: Flask, program: MakeProgram) -> None:
    """What was put aside is listed without the folder it is in; the newest of a database alone goes back."""
    with console.app_context():
        older, newer = (add_replacement(f"/var/lib/shop_{number}.db") for number in (1, 2))
    address = "/api/v1/replacements"
    listed = program("viewer").get(f"{address}?database=shop").get_json()["replacements"]
    assert [(one["id"], one["kept_name"], one["can_undo"]) for one in listed] == [
        (newer, "shop_2.db", True),
        (older, "shop_1.db", False),
    ]
    caller = program()
    for id, name, status in ((newer, "other", 422), (older, "shop", 409), (newer, "shop", 202)):
        assert caller.post(f"{address}/{id}/undo", json={"database": name}).status_code == status
    assert queued(console) == [
        ("backup.undo", "shop", {"replacement": newer, "database": "shop", "made_by": "mvogt"})
    ]


def add_replacement(kept: str) -> str:
    """A restore of shop that put something aside."""
    row = Replacement(id=new_id(), operation_id=new_id(), created_at=utc_now(), database="shop")
    row.is_own, row.state = False, "swapped"
    row.live_name, row.new_name, row.kept_name = "/var/lib/shop.db", "/var/lib/new.db", kept
    row.live_identity, row.new_identity = "1", "2"
    db.session.add(row)
    db.session.commit()
    return row.id
