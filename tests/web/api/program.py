"""A program at the API: sends a token in the header, reads JSON, and looks whether it was given a cookie."""

from __future__ import annotations

from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from core.actor import Actor, Role
from features.tokens import NewToken, create_token
from operations.runner import Runner
from web.settings import settings_of


class Program:
    """One program that knows `token`."""

    def __init__(self, app: Flask, token: str = "") -> None:
        self.client = app.test_client()
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, **more: Any) -> TestResponse:
        """Send a request; no answer of the API sets a cookie (TRUST S8), whatever it is."""
        headers = self.headers | more.pop("headers", {})
        answer = self.client.open(path, method=method, headers=headers, **more)
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        return answer

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.ask("GET", path, **more)

    def post(self, path: str, **more: Any) -> TestResponse:
        return self.ask("POST", path, **more)

    def patch(self, path: str, **more: Any) -> TestResponse:
        return self.ask("PATCH", path, **more)

    def delete(self, path: str, **more: Any) -> TestResponse:
        return self.ask("DELETE", path, **more)


def make_token(app: Flask, role: str = "admin", days: int = 30, name: str = "nightly") -> NewToken:
    """A token of mvogt, made by the feature alone."""
    maker = Runner(Actor("mvogt", Role.ADMIN, "cli"), settings_of(app))
    return maker.run(create_token, "mvogt", name, role, days, created_by="mvogt")


def error_of(answer: TestResponse) -> dict[str, str]:
    """What an error says; fails unless it is the one JSON object that every error is."""
    body = answer.get_json()
    assert list(body) == ["error"] and set(body["error"]) == {"code", "message", "hint"}
    assert all(isinstance(words, str) for words in body["error"].values())
    assert body["error"]["code"] and body["error"]["message"]
    found: dict[str, str] = body["error"]
    return found
