"""How the pages look to this browser."""

from __future__ import annotations

from flask import Blueprint, redirect, request
from flask.typing import ResponseReturnValue

from core.errors import InvalidInput
from web.hosts import local_path
from web.permissions import public
from web.readiness import needs_no_database
from web.rendering import THEME_COOKIE, THEMES

pages = Blueprint("appearance", __name__)

_ONE_YEAR = 365 * 24 * 3600


@pages.post("/theme")
@public
@needs_no_database
def update() -> ResponseReturnValue:
    """Remember the theme in a cookie and go back to the page. Raises InvalidInput."""
    theme = request.form.get("theme", "")
    if theme not in THEMES:
        raise InvalidInput("There is no such theme.", hint=f"Choose {', '.join(THEMES)}.")
    response = redirect(local_path(request.form.get("next")), 303)
    response.set_cookie(THEME_COOKIE, theme, max_age=_ONE_YEAR, httponly=True, samesite="Lax")
    return response
