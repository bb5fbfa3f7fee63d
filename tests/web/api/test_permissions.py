"""Every address of the API x every method x {anonymous, cookie, each role} (TRUST Z1, S8)."""

from __future__ import annotations

import pytest
from flask import Flask
from werkzeug.routing import Rule

from core.actor import Role
from tests.web.api.conftest import MakeProgram
from tests.web.api.program import Program, error_of
from tests.web.operations import ID
from tests.web.visitor import Visitor
from web.permissions import allow, declared_permission, fresh

VALUES = {"id": ID, "prefix": "0" * 12, "number": 2**40}  # which nothing has
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def walk(console: Flask) -> list[tuple[Rule, str, str]]:
    """Each rule of the API with each of its methods, and an address."""
    found = []
    for rule in console.url_map.iter_rules():
        if not rule.rule.startswith("/api/"):
            continue
        with console.test_request_context():
            adapter = console.url_map.bind("localhost")
            address = adapter.build(rule.endpoint, {name: VALUES[name] for name in rule.arguments})
        found += [(rule, method, address) for method in METHODS if method in (rule.methods or ())]
    assert len(found) >= 8
    return found


def test_z1_nobody_gets_in_without_a_token(console: Flask, visitor: Visitor) -> None:
    for _, method, address in walk(console):
        answer = Program(console).ask(method, address)
        assert answer.status_code == 401, (method, address)
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert error_of(answer)["code"] == "token_refused"


def test_s8_a_session_opens_nothing_but_the_document(console: Flask, admin: Visitor) -> None:
    assert admin.get("/").status_code == 200
    opened = [
        address
        for _, method, address in walk(console)
        if admin.client.open(address, method=method).status_code != 401
    ]
    assert opened == ["/api/openapi.json"]
    broken = admin.get("/api/openapi.json", headers={"Authorization": "Bearer x"})
    assert broken.status_code == 401  # who sends a token is asked for a right one


@pytest.mark.parametrize("role", list(Role))
def test_z1_each_role_gets_what_is_its_own(console: Flask, program: MakeProgram, role: Role) -> None:
    caller = program(role)
    for rule, method, address in walk(console):
        answer = caller.ask(method, address)
        needed = declared_permission(console, rule.endpoint)
        assert isinstance(needed, Role)
        if role.includes(needed):
            allowed = {200, 202, 404, 409, 422}  # 409: another began
            if address == "/api/admin/database/status":
                allowed.add(503)  # on a busy machine a database may be found unwell
            assert answer.status_code in allowed, (method, address)
        else:
            assert answer.status_code == 403, (method, address)
            assert error_of(answer)["message"] == f"This needs the role {needed}."


def test_what_declares_nothing_or_wants_a_person_is_open_to_no_program(
    console: Flask, program: MakeProgram
) -> None:
    """TRUST D10, S5: no token proves that its user was here a moment ago."""
    caller = program()
    console._got_first_request = False
    console.add_url_rule("/api/v1/forgotten", "forgotten", lambda: "secret")
    console.add_url_rule("/api/v1/harm", "harm", fresh(allow(Role.VIEWER)(lambda: "secret")))
    for path in ("/api/v1/forgotten", "/api/v1/harm"):
        answer = caller.get(path)
        assert answer.status_code == 403 and error_of(answer)["code"] == "not_allowed"
