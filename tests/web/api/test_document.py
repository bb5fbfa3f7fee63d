"""The document is valid OpenAPI 3.1, describes every endpoint, and says what each may answer."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.web.api.conftest import MakeProgram
from tests.web.operations import ID, add_operation
from tests.web.visitor import Visitor


@pytest.fixture
def document(program: MakeProgram) -> dict[str, Any]:
    """As a program with the least token reads it."""
    found: dict[str, Any] = program("viewer").get("/api/openapi.json").get_json()
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    found = [
        (path, method, one)
        for path, item in document["paths"].items()
        for method, one in item.items()
        if method != "parameters"
    ]
    assert len(found) >= 7
    return found


def test_it_is_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    OpenAPIV31SpecValidator(document).validate()
    assert document["security"] == [{"bearer": []}]
    assert document["components"]["securitySchemes"] == {"bearer": {"type": "http", "scheme": "bearer"}}


def test_it_describes_every_endpoint_and_no_other(console: Flask, document: dict[str, Any]) -> None:
    routes = {
        (re.sub(r"<(?:[^<>]*:)?(\w+)>", r"{\1}", rule.rule), method.lower())
        for rule in console.url_map.iter_rules()
        if rule.rule.startswith("/api/") and rule.endpoint != "api_document.show"
        for method in rule.methods or ()
        if method not in ("HEAD", "OPTIONS")
    }
    assert {(path, method) for path, method, _ in operations(document)} == routes


def test_each_says_what_it_may_answer(document: dict[str, Any]) -> None:
    for path, method, one in operations(document):
        answers = set(one["responses"])
        assert answers >= {"400", "401", "403", "429", "500", "503"}, path
        assert ("{" in path) <= ("404" in answers), path
        asked = [place for place in one.get("parameters", ()) if place["in"] == "query"]
        assert bool(asked or "requestBody" in one) == ("422" in answers), path
        assert (method != "get") <= ("409" in answers), path
        assert re.search(r"Needs the role (viewer|operator|admin)\.$", one["description"]), path
        assert one["summary"] and one["tags"]


def test_answers_are_as_it_says(console: Flask, program: MakeProgram, document: dict[str, Any]) -> None:
    add_operation(console, state="failed", error_code="x", error_message="y", total=None)
    caller = program()
    for method, path, described, sent in (
        ("get", "/api/v1/operations", "/api/v1/operations", None),
        ("get", f"/api/v1/operations/{ID}", "/api/v1/operations/{id}", None),
        ("get", "/api/v1/operations/" + "0" * 26, "/api/v1/operations/{id}", None),
        ("post", f"/api/v1/operations/{ID}/cancel", "/api/v1/operations/{id}/cancel", None),
        ("get", "/api/v1/databases", "/api/v1/databases", None),
        ("get", "/api/v1/backups", "/api/v1/backups", None),
        ("get", "/api/v1/backups/prune", "/api/v1/backups/prune", None),
        ("get", "/api/v1/tokens", "/api/v1/tokens", None),
        ("post", "/api/v1/tokens", "/api/v1/tokens", {"name": "x", "days": 1}),
        ("post", "/api/v1/tokens", "/api/v1/tokens", {"name": ""}),
    ):
        answer = caller.ask(method.upper(), path, json=sent) if sent else caller.ask(method.upper(), path)
        said = document["paths"][described][method]["responses"][str(answer.status_code)]
        if "$ref" in said:
            said = document["components"]["responses"][said["$ref"].rpartition("/")[2]]
        schema = {**said["content"]["application/json"]["schema"], "components": document["components"]}
        Draft202012Validator(schema).validate(answer.get_json())


def test_people_read_it_too(console: Flask, admin: Visitor, document: dict[str, Any]) -> None:
    answer = admin.get("/api/openapi.json")
    assert answer.get_json() == document
    assert "Set-Cookie" not in answer.headers
