"""The description of the API, kept by the application: for the address that serves it, and the page that
shows it."""

from __future__ import annotations

from typing import Any

from flask import Flask, current_app

_API = "basekeeper_api"


def keep_document(app: Flask, document: dict[str, Any]) -> None:
    """Let `app` answer with `document`."""
    app.extensions[_API] = document


def api_document() -> dict[str, Any]:
    """The whole of it."""
    document: dict[str, Any] = current_app.extensions[_API]
    return document
