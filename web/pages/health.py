"""The health page: every check with what was seen, and the verification of the schema."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template, request
from flask.typing import ResponseReturnValue

from core.actor import Role
from features.health import Check, Status
from features.reasons import hint_for, split_hint
from features.verification import verify_schema
from web.actions import start
from web.auth import now
from web.looks import read_shared_overview
from web.permissions import allow
from web.rendering import signed_in_user
from web.settings import settings_of

pages = Blueprint("health", __name__, url_prefix="/health")

_WORST_FIRST = tuple(reversed(Status))


@pages.get("")
@allow(Role.VIEWER)
def show() -> ResponseReturnValue:
    """Every check, the worst first, and the tables with their sizes; with ?fresh=1 after a new look."""
    overview = read_shared_overview(fresh="fresh" in request.args)
    user = signed_in_user()
    role = user.role if user else Role.VIEWER
    return render_template(
        "health/show.html",
        overview=overview,
        age=max(0.0, (now() - overview.checked_at).total_seconds()) if overview else 0,
        checks=_worst_first(overview.checks if overview else (), role),
        may_verify=role.includes(verify_schema.declaration.role),
    )


@pages.post("/verify")
@allow(Role.OPERATOR)
def verify() -> ResponseReturnValue:
    """Queue the verification of the schema and show the operation."""
    return start(verify_schema, settings_of(current_app).database.name)


def _worst_first(checks: tuple[Check, ...], reader: Role) -> list[tuple[Check, str, str]]:
    """Each check with the words and the command of its hint; those alike stay in their order."""
    ordered = sorted(checks, key=lambda check: _WORST_FIRST.index(check.status))
    return [(check, *split_hint(hint_for(check, reader))) for check in ordered]
