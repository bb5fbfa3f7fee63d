"""Operations at the API: listed by keyset, followed, cancelled, begun."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from core.actor import Role
from core.progress import Operation, operation
from models import AuditEvent, OperationRecord, User, db
from tests.web.api.conftest import MakeProgram
from tests.web.api.program import Program, error_of, make_token
from tests.web.conftest import MakeApp
from tests.web.operations import ID, add_operation
from tests.web.visitor import Visitor, add_first_admin
from web.api.actions import start
from web.permissions import allow

LIST = "/api/v1/operations"


def test_one_operation_says_how_far_it_is(console: Flask, program: MakeProgram) -> None:
    add_operation(console, phase="Copy rows", done=640, total=1000, unit="row")
    shown = program("viewer").get(f"{LIST}/{ID}").get_json()
    wanted = {"id": ID, "state": "running", "phase": "Copy rows", "done": 640, "total": 1000, "unit": "row"}
    wanted |= {"error": None, "result": None, "finished_at": None, "url": f"{LIST}/{ID}"}
    assert {name: shown[name] for name in wanted} == wanted
    assert shown["started_at"].endswith("+00:00")
    assert not {"arguments", "address", "worker", "user_id", "role"} & set(shown)


def test_one_that_failed_says_why_and_what_to_do(console: Flask, program: MakeProgram) -> None:
    why = {"code": "tool_failed", "message": "pg_dump failed.", "hint": "Look."}
    add_operation(console, state="failed", result={"rows": 3}, **{f"error_{k}": v for k, v in why.items()})
    shown = program("viewer").get(f"{LIST}/{ID}").get_json()
    assert (shown["state"], shown["error"], shown["result"]) == ("failed", why, {"rows": 3})


def test_an_operation_that_is_not_there(console: Flask, program: MakeProgram) -> None:
    for method, rest in (("GET", ""), ("POST", "/cancel")):
        answer = program().ask(method, f"{LIST}/{ID}{rest}")
        assert (answer.status_code, error_of(answer)["message"]) == (404, f"There is no operation {ID}.")


def test_the_list_goes_on_by_keyset(console: Flask, program: MakeProgram) -> None:
    ids = [add_operation(console, f"{ID[:-2]}{number:02}", state="failed") for number in range(5)]
    add_operation(console, f"{ID[:-2]}99", state="queued")
    caller, seen, before = program("viewer"), list[str](), ""
    while before is not None:
        query = f"?state=failed&limit=2{f'&before={before}' if before else ''}"
        listed = caller.get(LIST + query).get_json()
        assert len(listed["operations"]) <= 2
        seen += [one["id"] for one in listed["operations"]]
        before = listed["next_before"]
    assert seen == ids[::-1]
    assert len(caller.get(f"{LIST}?limit=200").get_json()["operations"]) == 7  # and the token's own


@pytest.mark.parametrize(
    ("role", "own", "status"),
    [("viewer", True, 403), ("operator", False, 403), ("operator", True, 202), ("admin", False, 202)],
)
def test_z2_only_who_started_it_or_an_admin_may_cancel(
    console: Flask, program: MakeProgram, role: str, own: bool, status: int
) -> None:
    with console.app_context():
        user_id = db.session.query(User.id).scalar()
    add_operation(console, user_id=user_id if own else user_id + 1)
    answer = program(role).post(f"{LIST}/{ID}/cancel")
    assert answer.status_code == status
    if status == 202:
        assert answer.get_json() == {"operation": ID, "url": f"{LIST}/{ID}"}
        assert answer.headers["Location"] == f"{LIST}/{ID}"
    with console.app_context():
        asked = db.session.query(OperationRecord).filter_by(id=ID).one().cancel_requested_by
        who = db.session.query(AuditEvent).filter_by(action="operation.cancel").first()
    assert asked == ("mvogt" if status == 202 else "")
    assert (who is not None and who.through == "api") is (status == 202)


def test_what_has_ended_is_not_cancelled(console: Flask, program: MakeProgram) -> None:
    add_operation(console, state="succeeded")
    answer = program().post(f"{LIST}/{ID}/cancel")
    assert (answer.status_code, error_of(answer)["code"]) == (409, "conflict")


@operation("test.work", title="Work on {name}", target="{name}", role=Role.OPERATOR)
def work(op: Operation, name: str) -> None:
    """Nothing is done here: no worker runs."""


def test_long_work_answers_202_and_is_asked_for(make_app: MakeApp, database_url: str) -> None:
    console = make_app(database_url)
    add_first_admin(console)
    begin: Any = allow(Role.VIEWER)(lambda: start(work, "shelf"))
    console.add_url_rule("/api/v1/begin", "begin", begin, methods=["POST"])
    console.extensions["csrf"].exempt(begin)
    caller = Program(console, make_token(console, "operator").text)
    answer = caller.post("/api/v1/begin")
    assert answer.status_code == 202
    url = answer.get_json()["url"]
    assert answer.headers["Location"] == url == f"{LIST}/{answer.get_json()['operation']}"
    shown = caller.get(url).get_json()
    assert (shown["state"], shown["actor"], shown["through"]) == ("queued", "mvogt", "api")
    again = caller.post("/api/v1/begin")
    assert (again.status_code, error_of(again)["code"]) == (409, "target_busy")
    viewer = Program(console, make_token(console, "viewer").text)
    assert viewer.post("/api/v1/begin").status_code == 403  # the feature asks for more than the endpoint


def test_z6_a_token_is_not_more_than_its_role_where_work_is_begun(
    console: Flask, admin: Visitor, program: MakeProgram
) -> None:
    with console.app_context():
        db.session.execute(update(User).values(role="viewer"))
        db.session.commit()
        assert db.session.query(User.role).scalar() == "viewer"
    add_operation(console)
    assert program("viewer").post(f"{LIST}/{ID}/cancel").status_code == 403
