"""The audit: who did what, and the button that proves that nobody changed it."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask.typing import ResponseReturnValue

from core.actor import Role
from operations.audit_chain import verify_audit
from operations.audit_list import (
    EXPORTED,
    OUTCOMES,
    AuditFilter,
    all_audit,
    last_verdict,
    last_verification,
    list_audit,
)
from operations.store import STATES
from web.actions import signed_in_actor, start
from web.arguments import whole_number
from web.downloads import download
from web.listing import read_list, show_list
from web.permissions import allow

pages = Blueprint("audit", __name__, url_prefix="/audit")

_LIST_LENGTH = 50


@pages.get("")
@allow(Role.ADMIN)
def index() -> ResponseReturnValue:
    """What was done, the newest first; for htmx, the next rows alone."""
    view = read_list("audit.index", AuditFilter, place="before", choices={"outcome": OUTCOMES})
    before, verdict = whole_number("before"), last_verdict()
    faulty = verdict.row if verdict else None
    listed = list_audit(before, _LIST_LENGTH, faulty, view.wanted)
    follow = str(listed.next_before or "")
    words = {"states": STATES, "outcomes": OUTCOMES, "faulty": faulty, "verdict": verdict}
    last = None if "HX-Request" in request.headers else last_verification()
    return show_list("audit", view, listed.deeds, follow, last=last, **words)


@pages.get("/export")
@allow(Role.ADMIN)
def export() -> Response:
    """All deeds of a filter as a file."""
    view = read_list("audit.index", AuditFilter, place="before")
    facts = all_audit(view.wanted)
    return download(signed_in_actor(), "audit", request.args.get("form", "csv"), facts, EXPORTED)


@pages.post("/verify")
@allow(Role.ADMIN)
def verify() -> ResponseReturnValue:
    """Have the whole audit read again, and go to the operation that does."""
    return start(verify_audit)
