"""What restores put aside: put back, or dropped for good."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from core.actor import Role
from features.replacements import (
    ReplacementFacts,
    drop_kept,
    read_replacement,
    undo_restore,
)
from web.actions import signed_in_actor, start
from web.permissions import allow, fresh

pages = Blueprint("replacements", __name__, url_prefix="/backups/kept/<id>")

_OTHER_NAME = "This is not its name. Nothing was changed."


@pages.get("/undo")
@allow(Role.ADMIN)
@fresh
def confirm_undo(id: str) -> ResponseReturnValue:
    """What putting back does, and the name to type."""
    return _page("undo", read_replacement(id))


@pages.post("/undo")
@allow(Role.ADMIN)
@fresh
def undo(id: str) -> ResponseReturnValue:
    """Put back what was there before, once the database's name was typed."""
    kept = read_replacement(id)
    if request.form.get("confirmation") != kept.database:
        return _page("undo", kept, _OTHER_NAME), 422
    return start(undo_restore, kept.id, kept.database, made_by=signed_in_actor().name)


@pages.get("/drop")
@allow(Role.ADMIN)
@fresh
def confirm_drop(id: str) -> ResponseReturnValue:
    """What dropping loses, and the name to type."""
    return _page("drop", read_replacement(id))


@pages.post("/drop")
@allow(Role.ADMIN)
@fresh
def drop(id: str) -> ResponseReturnValue:
    """Drop what was there before, once its name was typed."""
    kept = read_replacement(id)
    if request.form.get("confirmation") != short_name(kept.kept_name):
        return _page("drop", kept, _OTHER_NAME), 422
    return start(drop_kept, kept.id, kept.database)


@pages.app_template_filter()
def short_name(name: str) -> str:
    """A database's name without the folders where it is a file: nobody types those, nor need all know."""
    return name.rpartition("/")[2]


def _page(deed: str, kept: ReplacementFacts, error: str = "") -> str:
    return render_template(f"backups/{deed}.html", kept=kept, error=error)
