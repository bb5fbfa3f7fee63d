"""A person at a browser: keeps cookies, reads pages, sends forms with their CSRF token."""

from __future__ import annotations

import re
from typing import Any

from flask import Flask
from werkzeug.test import TestResponse

from core.clock import utc_now
from features.users import NewUser, create_first_admin, issue_first_admin_link

PASSWORD = "a walk along the river"
_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')


class Visitor:
    """One browser on one application."""

    def __init__(self, app: Flask, **defaults: Any) -> None:
        self.client = app.test_client()
        self._defaults = defaults

    def get(self, path: str, **more: Any) -> TestResponse:
        return self.client.get(path, **(self._defaults | more))

    def post(self, path: str, page: str = "/sign-in", **fields: str) -> TestResponse:
        """Open `page`, take the token of its form and send `fields` to `path`."""
        return self.client.post(path, data={"csrf_token": self.csrf_token(page), **fields}, **self._defaults)

    def csrf_token(self, page: str = "/sign-in") -> str:
        found = _TOKEN.search(self.get(page).text)
        return found.group(1) if found else ""

    def sign_in(
        self, identifier: str = "mvogt", password: str = PASSWORD, path: str = "/sign-in"
    ) -> TestResponse:
        return self.post(path, identifier=identifier, password=password)

    def cookie(self, name: str = "basekeeper-session") -> Any:
        return self.client.get_cookie(name)


def add_first_admin(app: Flask, username: str = "mvogt") -> int:
    """Make the admin mvogt, maren.vogt@example.com, by the features alone; gives the id."""
    with app.app_context():
        token = issue_first_admin_link("test/1")
        assert token
        new = NewUser("Maren Vogt", "maren.vogt@example.com", username)
        return create_first_admin(token, new, PASSWORD, utc_now())
