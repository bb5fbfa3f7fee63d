"""The reference of the REST API, made of the very document that programs read."""

from __future__ import annotations

from flask import Blueprint, current_app, render_template
from flask.typing import ResponseReturnValue

from core.actor import Role
from web.api_reference import read_subjects
from web.documents import api_document
from web.permissions import allow
from web.settings import settings_of

pages = Blueprint("reference", __name__)


@pages.get("/api-reference")
@allow(Role.VIEWER)
def show() -> ResponseReturnValue:
    """Every endpoint."""
    address = settings_of(current_app).console_address
    return render_template("reference/show.html", subjects=read_subjects(api_document()), address=address)
