"""The dashboard: the state of the database at a glance."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from core.actor import Role
from features.overview import read_overview
from operations.store import newest_operations
from web.permissions import allow
from web.rendering import signed_in_user
from web.settings import settings_of

pages = Blueprint("overview", __name__)

_OPERATIONS_SHOWN = 7


@pages.get("/")
@allow(Role.VIEWER)
def show() -> ResponseReturnValue:
    """The verdict, the figures, the tables and the newest operations."""
    user = signed_in_user()
    return render_template(
        "overview/show.html",
        overview=read_overview(settings_of(current_app), user.role if user else Role.VIEWER),
        operations=newest_operations(_OPERATIONS_SHOWN),
    )
