"""Letting old backups go: what would, why the others stay, and the button."""

from __future__ import annotations

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from core.actor import Role
from features.retention import plan_prune, prune_backups
from web.actions import start
from web.permissions import allow, fresh

pages = Blueprint("retention", __name__, url_prefix="/backups/prune")


@pages.get("")
@allow(Role.ADMIN)
@fresh
def confirm() -> ResponseReturnValue:
    """What would be let go, and why what stays."""
    return render_template("backups/prune.html", plan=plan_prune())


@pages.post("")
@allow(Role.ADMIN)
@fresh
def prune() -> ResponseReturnValue:
    """Have the old backups let go, and go to the operation that does."""
    return start(prune_backups)
