"""The cookies that prove something: their names and how they are protected (TRUST S1)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import request
from werkzeug.wrappers import Response

from web.hosts import is_loopback

_COOKIE = "basekeeper"


def read_cookie(purpose: str) -> str:
    """What the browser sent, "" for nothing."""
    return request.cookies.get(cookie_name(purpose), "")


def set_cookie(response: Response, purpose: str, value: str, lifetime: timedelta | None) -> None:
    """Let the browser keep `value` for `lifetime`, or until its window is closed."""
    response.set_cookie(cookie_name(purpose), value, max_age=lifetime, path="/", **_protection())


def delete_cookie(response: Response, purpose: str) -> None:
    """Let the browser forget it."""
    response.delete_cookie(cookie_name(purpose), path="/", **_protection())


def cookie_name(purpose: str) -> str:
    """The cookie's name. The prefix makes browsers insist on Secure, Path=/ and no Domain; they refuse it
    over plain HTTP."""
    return f"{'__Host-' if is_protected() else ''}{_COOKIE}-{purpose}"


def is_protected() -> bool:
    """True unless the page is read over plain HTTP on the machine itself."""
    # The header as it came: `request.host` refuses foreign names, and this is asked before that is told.
    return request.is_secure or not is_loopback(request.headers.get("Host", ""))


def _protection() -> dict[str, Any]:
    return {"secure": is_protected(), "httponly": True, "samesite": "Lax"}
