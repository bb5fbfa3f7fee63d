"""What machines ask: is the process there, and the database too? They learn yes or no."""

from __future__ import annotations

from flask import Blueprint
from flask.typing import ResponseReturnValue

from web.permissions import public
from web.readiness import needs_no_database, readiness

pages = Blueprint("probes", __name__)


@pages.get("/healthz")
@public
@needs_no_database
def alive() -> ResponseReturnValue:
    """The process answers; nothing else is touched."""
    return "ok\n", {"Content-Type": "text/plain"}


@pages.get("/readyz")
@public
@needs_no_database
def ready() -> ResponseReturnValue:
    """The database answers too, as of at most a second ago."""
    is_ready = readiness().is_ready()
    return "ready\n" if is_ready else "not ready\n", 200 if is_ready else 503, {"Content-Type": "text/plain"}
