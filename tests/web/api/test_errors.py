"""Every error of the API is one JSON object; pages keep their pages (TRUST W9, W10, Z4)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from flask import Flask

from core.errors import (
    AlreadyExists,
    AppError,
    ConnectionFailed,
    HeldBy,
    SchemaFault,
    TargetBusy,
    TooBusy,
)
from tests.servers import PrivateServer
from tests.web.api.conftest import MakeProgram
from tests.web.api.program import Program, error_of, make_token
from tests.web.conftest import MakeApp
from tests.web.visitor import Visitor, add_first_admin
from web.permissions import public


def busy() -> TargetBusy:
    error = TargetBusy("shelf is held.")
    error.holder = HeldBy("shelf", "01jd0000000000000000000001", "Back up shelf", "ada", datetime.now(UTC))
    return error


def raising(console: Flask, error: Exception) -> Program:
    def fail() -> str:
        secret = "geheim-im-inneren"
        raise error from ValueError(secret)

    console._got_first_request = False
    for path in ("/fail", "/api/v1/fail"):
        console.add_url_rule(path, path, public(fail))
    return Program(console)


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (RuntimeError("/srv/app.py SELECT x postgresql://u:geheim@h/d"), 500, "unexpected"),
        (ConnectionFailed("10.0.0.7:5432 geheim"), 503, "connection_failed"),
        (SchemaFault("column geheim is missing"), 503, "schema_fault"),
        (AlreadyExists("That name is taken."), 409, "already_exists"),
        (busy(), 409, "target_busy"),
        (TooBusy(), 503, "too_busy"),
        (AppError("It broke. All of it.", hint="Mend it."), 500, "error"),
    ],
)
def test_w9_an_error_says_what_and_what_to_do(
    console: Flask, error: Exception, status: int, code: str
) -> None:
    program = raising(console, error)
    answer = program.get("/api/v1/fail")
    assert (answer.status_code, error_of(answer)["code"]) == (status, code)
    for inside in ("SELECT", "/srv", "geheim", "Traceback", "RuntimeError"):
        assert inside not in answer.text
    if isinstance(error, AppError):
        assert answer.headers.get("Retry-After", "0") == str(error.retry_after)
    page = program.client.get("/fail")
    assert (page.status_code, page.mimetype) == (status, "text/html")


def test_what_an_error_says_is_said_whole_and_visibly(console: Flask) -> None:
    answer = raising(console, AppError("It \x1b[31mbroke. All of it.", hint="Mend \u202eit.")).get(
        "/api/v1/fail"
    )
    assert error_of(answer) == {
        "code": "error",
        "message": r"It \x1b[31mbroke. All of it.",
        "hint": r"Mend \u202eit.",
    }


def test_addresses_that_do_not_exist_and_methods(console: Flask, program: MakeProgram) -> None:
    caller = program()
    for path in ("/api/v1/nothing", "/api/", "/api/v1/operations/x", f"/api/v1/operations/{'9' * 27}"):
        answer = caller.get(path)
        assert (answer.status_code, error_of(answer)["code"]) == (404, "not_found")
    answer = caller.ask("PUT", "/api/v1/tokens")
    assert (answer.status_code, error_of(answer)["code"]) == (405, "method_not_allowed")
    assert set(answer.headers["Allow"].split(", ")) == {"GET", "HEAD", "OPTIONS", "POST"}
    page = caller.client.get("/nothing")
    assert (page.status_code, page.mimetype) == (404, "text/html")
    assert "There is no such page" in page.text


def test_a_filter_that_is_no_choice_is_told_the_choices(program: MakeProgram) -> None:
    caller = program()
    assert caller.get("/api/v1/operations?state=").status_code == 200
    answer = caller.get("/api/v1/operations?state=x")
    assert answer.status_code == 422
    assert "state: Must be one of: queued, running" in error_of(answer)["message"]


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"json": {"name": "x", "username": "root"}}, 422, "username: Unknown field."),
        ({"json": {"name": "x", "owner_id": 1, "is_admin": True}}, 422, "Unknown field"),
        ({"json": {"name": "x", "a\u202eb" * 50: 1}}, 422, "Unknown field"),
        ({"json": {}}, 422, "name: Missing data for required field."),
        ({}, 422, "name: Missing data"),
        ({"json": ["name"]}, 422, "Invalid input type."),
        ({"json": {"name": "x", "role": "owner"}}, 422, "role: Must be one of: viewer, operator, admin."),
        ({"json": {"name": "x", "days": 0}}, 422, "days: Must be greater than"),
        ({"json": {"name": "x", "days": "7.5"}}, 422, "days: Not a valid integer."),
        ({"json": {"name": "x", "days": 1e308}}, 422, "days: "),
        ({"json": {"name": "a\x00b"}}, 422, "characters that can be seen"),
        ({"json": {"name": "a\ud800b"}}, 422, "characters that can be seen"),
        ({"data": {"name": "x"}}, 422, "Content-Type: application/json"),
        ({"data": "{", "content_type": "application/json"}, 400, "not JSON"),
        ({"data": b"\xff\xfe", "content_type": "application/json"}, 400, "not JSON"),
        ({"data": "[" * 100_000, "content_type": "application/json"}, 400, "not JSON"),
        ({"data": '{"days": ' + "9" * 10_000 + "}", "content_type": "application/json"}, 400, "not JSON"),
        ({"data": '{"name": "x", "days": NaN}', "content_type": "application/json"}, 422, "days: "),
        ({"data": "x" * (1024 * 1024 + 1), "content_type": "application/json"}, 413, "too much"),
    ],
)
def test_z4_w10_what_was_not_asked_for_is_refused(
    console: Flask, program: MakeProgram, sent: dict[str, object], status: int, said: str
) -> None:
    answer = program().post("/api/v1/tokens", **sent)
    assert answer.status_code == status, answer.text
    assert said in error_of(answer)["message"]
    assert len(answer.text) < 1000


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=201", "limit=x", "limit=" + "9" * 30, "state=gone", "before=x", "order=id",
     "before=" + "%0A" * 26, "before=" + "%00" * 26, "limit=1&limit=2&offset=3"],
)  # fmt: skip
def test_z4_questions_too(console: Flask, program: MakeProgram, query: str) -> None:
    answer = program("viewer").get(f"/api/v1/operations?{query}")
    assert answer.status_code == 422
    assert error_of(answer)["code"] == "invalid_input"


def test_a_database_that_goes_away_is_a_503(make_app: MakeApp, private_server: PrivateServer) -> None:
    console = make_app(private_server.server.create_database("console"), db_connect_timeout=2.0)
    add_first_admin(console)
    caller = Program(console, make_token(console).text)
    assert caller.get("/api/v1/operations").status_code == 200
    private_server.stop()
    answer = caller.get("/api/v1/operations")
    assert (answer.status_code, error_of(answer)["code"]) == (503, "connection_failed")
    assert "127.0.0.1" not in answer.text
    private_server.start()
    assert caller.get("/api/v1/operations").status_code == 200


def test_a_page_that_fails_for_a_signed_in_person_stays_a_page(console: Flask, admin: Visitor) -> None:
    raising(console, busy())
    answer = admin.get("/fail")
    assert (answer.status_code, answer.mimetype) == (409, "text/html")
