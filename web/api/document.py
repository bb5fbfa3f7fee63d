"""The description of the API, OpenAPI 3.1: for programs with a token, and for signed-in people."""

from __future__ import annotations

from flask import Blueprint, Response, jsonify

from core.actor import Role
from web.documents import api_document
from web.permissions import allow, people_too

part = Blueprint("api_document", __name__, url_prefix="/api")


@part.get("/openapi.json")
@allow(Role.VIEWER)
@people_too
def show() -> Response:
    """The whole of it."""
    return jsonify(api_document())
