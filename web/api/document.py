"""The description of the API, OpenAPI 3.1: for programs with a token, and for signed-in people."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify

from core.actor import Role
from web.permissions import allow, people_too

part = Blueprint("api_document", __name__, url_prefix="/api")

_API = "basekeeper_api"


def keep_document(app: Flask, document: dict[str, Any]) -> None:
    """Let `app` answer with `document`."""
    app.extensions[_API] = document


@part.get("/openapi.json")
@allow(Role.VIEWER)
@people_too
def show() -> Response:
    """The whole of it."""
    return jsonify(current_app.extensions[_API])
