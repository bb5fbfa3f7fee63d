"""What machines ask: is the process there, and the database too? They learn yes or no."""

from __future__ import annotations

from flask import Blueprint, Flask, current_app
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from features.overview import database_answers
from web.permissions import public
from web.readiness import Readiness
from web.settings import settings_of

pages = Blueprint("probes", __name__)

_READINESS = "basekeeper_readiness"


@pages.get("/healthz")
@public
def alive() -> ResponseReturnValue:
    """The process answers; nothing else is touched."""
    return "ok\n", {"Content-Type": "text/plain"}


@pages.get("/readyz")
@public
def ready() -> ResponseReturnValue:
    """The database answers too, as of at most 5 s ago."""
    readiness: Readiness = current_app.extensions[_READINESS]
    is_ready = readiness.is_ready()
    return "ready\n" if is_ready else "not ready\n", 200 if is_ready else 503, {"Content-Type": "text/plain"}


@pages.record_once
def _remember_readiness(state: BlueprintSetupState) -> None:
    assert isinstance(state.app, Flask)
    settings = settings_of(state.app)
    state.app.extensions[_READINESS] = Readiness(lambda: database_answers(settings))
